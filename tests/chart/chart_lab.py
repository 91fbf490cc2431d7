"""A real cluster in which nothing of Sluice is installed: that is for the chart to do. Pods are only reported Ready, if
not told otherwise."""
import real_helm
from lab import Lab


class ChartLab(Lab):
    def __init__(self, folder, fake=True, **how):
        super().__init__(folder, fake, **how)

    def install(self):
        self.main.create_crds(self.parts / 'istio-crds.yaml', *map(real_helm.file_of, real_helm.OPERATOR_CRDS))
        self.helm = real_helm.Helm(self.folder, self.main.admin.kubeconfig)

    def mesh_plane(self):
        """A second API server, which has the mesh's kinds and nothing else."""
        if self.second is None:
            self.second = self.start_plane('second')
            self.second.create_crds(self.parts / 'istio-crds.yaml')
            if not self.fake:
                self.processes.end(self.mesh)
                self._start_mesh()
        return self.second
