"""Releases that are judged by servers of other kinds than the lab's own Prometheus 2: Prometheus 3, and Graphite."""
import re
import time

import manifests
import prometheus3
from graphite import Graphite
from scenario import Scenario, long
from scenario_templates import metric, template


class Told(Scenario):
    """A release that is held by one answer after the other, and promoted in the end."""

    def hold(self, scene, provider):
        """A Canary with the template m of this provider, in mid-release."""
        self.lab.client.create(template(scene.namespace, 'm', provider, ''))
        m = metric('m', thresholdRange={'max': 42})
        scene.deploy(tag='6.0.0').canary(manifests.analysis(threshold=100, stepWeight=50, metrics=[m])).initialise()
        scene.wait_message('^all the metrics providers are available!$')
        scene.set_image('6.0.1')

    def ask(self, scene, query, told=''):
        """The template's query from now on, and how what is told of the answer begins."""
        since = time.monotonic()
        self.lab.client.patch('MetricTemplate', scene.namespace, 'm', {'spec': {'query': query}})
        if told:
            scene.wait_message(f'^{re.escape(told)}', since=since)

    def fail(self, scene, query, told):
        """One more release, which this query takes back."""
        self.ask(scene, query)
        scene.edit({'spec': {'analysis': {'threshold': 1}}})
        scene.set_image('6.0.2')
        scene.wait_phase('Failed')
        scene.wait_message(f'^{re.escape(told)}$')


class Prometheus3(Told):
    @long
    def test_prometheus3(self):
        """Flagger's own metrics, a template, and what is told of queries that have no answer."""
        server = self.lab.start_prometheus('prometheus3', prometheus3.folder() / 'prometheus')
        scenes = {name: self.scene(f'prometheus3-{name}') for name in ('good', 'bad', 'told')}
        for name in ('good', 'bad'):
            scenes[name].deploy(tag='6.0.0').canary(manifests.analysis(threshold=2, stepWeight=25),
                                                    metricsServer=server)
        self.hold(scenes['told'], {'type': 'prometheus', 'address': server})
        for name in ('good', 'bad'):
            scenes[name].initialise()
            self.traffic(scenes[name], rate=10)
            scenes[name].set_image('6.0.1')
        self.traffic(scenes['bad'], role='canary', rate=10, path='/status/500')
        self.be_told(scenes['told'])
        scenes['good'].wait_phase('Succeeded')
        scenes['bad'].wait_phase('Failed')
        scenes['bad'].wait_message(r'^Halt podinfo\.prometheus3-bad advancement success rate \d+\.\d\d% < 99%$')

    def be_told(self, scene):
        failed, nothing = 'Metric query failed for m: ', 'Halt advancement no values found for custom metric: m: '
        self.ask(scene, 'sum(', failed + 'error response: Status 400 Bad Request: {"status":"error","errorType":'
                                         '"bad_data","error":"invalid parameter')
        self.ask(scene, 'up[1m]', failed + 'query returned multiple values')
        self.ask(scene, 'nosuch{app="{{ target }}"}', nothing + 'no values found')
        self.ask(scene, '0 * (vector(1) / 0)', nothing + 'no values found')
        self.ask(scene, 'vector(1) / 0', f'Halt podinfo.{scene.namespace} advancement m +Inf > 42')
        self.ask(scene, 'label_replace(vector(7), "un.dotted", "x", "", "")')  # names of any letters are new in 3
        scene.wait_phase('Succeeded')
        self.fail(scene, 'vector(42.5)', f'Halt podinfo.{scene.namespace} advancement m 42.50 > 42')


class RealGraphite(Told):
    @long
    def test_graphite(self):
        """Points that carbon has taken are judged, and what is told where there are none."""
        server = Graphite(self.lab.processes)
        scene = self.scene('graphite')
        self.hold(scene, {'type': 'graphite', 'address': server.url})
        failed, nothing = 'Metric query failed for m: ', 'Halt advancement no values found for custom metric: m: '
        series = 'app.{{ namespace }}.{{ target }}.load'
        last = f'target={series}&from=-5min'
        self.ask(scene, last, nothing + 'no values found')
        self.ask(scene, f'target=nosuch({series})', failed + 'error response: Invalid parameters (Received request for '
                                                             'unknown function: nosuch)')
        server.send('app.graphite.podinfo.load', 41, 40, 42.5)
        self.ask(scene, last, 'Halt podinfo.graphite advancement m 42.50 > 42')
        self.ask(scene, f'target=divideSeries({series},diffSeries({series},{series}))&from=-5min',
                 nothing + 'no values found')  # points, and no value in any
        self.ask(scene, f'target=scale({series},1e400)&from=-5min',
                 failed + 'error unmarshaling result: json: cannot unmarshal number 1e9999 into Go struct field ')
        self.ask(scene, f'target=scale({series},0.5)&from=-5min')
        scene.wait_phase('Succeeded')
        self.fail(scene, last, 'Halt podinfo.graphite advancement m 42.50 > 42')


CHECK = """
return require 'stdlib.check' { name = 'load', run = function(c)
  local load, cause = c:ask('graphite', 'app.{{ namespace }}.{{ target }}.load')
  return load and c:judge(load, { max = 42 }, 'the load is %.1f') or c:blind(cause)
end }
"""
ADAPTER = """
local adapter, provider = require 'stdlib.adapter', require 'stdlib.provider'
return adapter {
  name = 'graphite',
  request = function(ask)
    return { url = ask.address .. '?' .. adapter.parameters {
      { 'target', ask.query }, { 'from', '-5min' }, { 'format', 'json' }, { 'noNullPoints', 'true' } } }
  end,
  answer = function(_, response)
    local series, failed = provider.body(response, provider.unless_ok, nil, true)
    if not series then
      return failed
    end
    local points = provider.dig(series, 1, 'datapoints') or {}
    return points[1] and provider.valued(points[#points][1], 'datapoints') or provider.nothing()
  end,
}
"""


class Adapter(Scenario):
    flagger_too = False  # it has no Checks

    @long
    def test_check(self):
        """A Check asks a real Graphite by an adapter that it brings, and nobody else."""
        server = Graphite(self.lab.processes, 'graphite-of-check')
        scene = self.scene('adapter').deploy(tag='6.0.0')
        self.lab.client.create({
            'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Check', 'metadata': {'name': 'load', 'namespace': 'adapter'},
            'spec': {'script': CHECK, 'adapters': {'graphite': {'script': ADAPTER, 'urls': [f'{server.url}/render']}}}})
        load = {'name': 'load', 'interval': '1m', 'checkRef': {'name': 'load'}}
        scene.canary(manifests.analysis(threshold=1, stepWeight=50, metrics=[load])).initialise()
        scene.set_image('6.0.1')
        scene.wait_message(r'^Halt podinfo\.adapter advancement load is blind: no values found$')
        server.send('app.adapter.podinfo.load', 40)
        scene.wait_phase('Succeeded')
        self.assertEqual('6.0.1', scene.image(scene.primary()))
        self.lab.client.patch('Check', 'adapter', 'load', {'spec': {'adapters': {'graphite': {
            'urls': [f'{server.url}/metrics'],
            'script': ADAPTER.replace('ask.address', f"'{server.url}/render'")}}}})
        scene.set_image('6.0.2')
        scene.wait_message(rf'^Halt podinfo\.adapter advancement load is blind: .* request\.url: {server.url}/render '
                           r'does not stand below one of the declared URLs$')
        server.send('app.adapter.podinfo.load', 42.5)
        self.lab.client.patch('Check', 'adapter', 'load', {'spec': {'adapters': {'graphite': {
            'urls': [f'{server.url}/render']}}}})
        scene.wait_phase('Failed')
        scene.wait_message(r'^Halt podinfo\.adapter advancement load: the load is 42\.5, at most 42 wanted$')
