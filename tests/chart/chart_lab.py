"""A real cluster in which nothing of Sluice is installed: that is the chart's work. Pods are only reported Ready."""
import real_helm
from lab import Lab


class ChartLab(Lab):
    def __init__(self, folder, **how):
        super().__init__(folder, **{**how, 'fake': True})

    def install(self):
        crds = [self.parts / 'istio-crds.yaml', *sorted(real_helm.folder().glob('*monitors.yaml'))]
        self.kubectl('create', *[word for path in crds for word in ('-f', path)])
        self.helm = real_helm.Helm(self.folder, self.main.admin.kubeconfig)

    def mesh(self):
        """A second API server, which has the mesh's kinds and nothing else."""
        if self.second is None:
            self.second = self.start_plane('second')
            self.second.kubectl('create', '-f', self.parts / 'istio-crds.yaml')
        return self.second
