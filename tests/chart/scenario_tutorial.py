"""docs/tutorial.md as far as nothing is released: the charts, both API servers, the Canary."""
import contextlib
import pathlib
import tempfile

import tutorial
import tutorial_page as page
from chart_lab import ChartLab
from chart_scenario import ChartScenario


class Tutorial(ChartScenario):
    def test_until_the_first_release(self):
        """Each command of the page is typed, in a cluster that has nothing of it yet."""
        text, _, rest = page.PAGE.read_text().partition('## Step 5')
        self.assertTrue(rest, 'the page has a step 5')
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            lab = stack.enter_context(ChartLab(folder / 'lab'))
            lab.mesh_plane()
            said = page.transcript(tutorial.walk(lab, folder, '1m', stack, text, say=lambda *_, **__: None))
        deployments = {line.split()[0]: line.split()[2] for command, told in said if command.endswith('get deployments')
                       for line in told.splitlines()[1:]}
        self.assertEqual({'flagger-loadtester': '1', 'podinfo': '0', 'podinfo-primary': '1'}, deployments)
