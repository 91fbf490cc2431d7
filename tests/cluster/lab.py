#!/usr/bin/env python3
"""A real cluster on one machine: etcd, kube-apiserver, kube-controller-manager, Pods as processes, Envoy as the mesh,
Prometheus.

    lab.py [--fake] DIR     starts it, prints how to reach it, and stays until SIGINT or SIGTERM; DIR must not exist

Everything listens on loopback addresses and free ports and lives in DIR. With --fake, Pods are only reported Ready: no
podinfo, Envoy or Prometheus, for thousands of canaries.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import sys
import urllib.parse
import urllib.request

import parts
from control_plane import ControlPlane
from processes import Processes, free_port
from waiting import http_ok, wait_for

CONTROLLERS = 'deployment,replicaset,daemonset,garbagecollector,namespace,horizontalpodautoscaling'


class Lab:
    """The cluster; use it as a context manager. `crds`: files that replace those of deploy/crds (another engine's).

    Another mesh (tests/istiod) is a subclass: it overrides start_data_plane() and what follows here. So is a cluster
    with another installation (tests/chart), which overrides install().
    """

    controllers = CONTROLLERS
    services = '127.96.0.0/16'  # the network of ClusterIPs
    pods_flags = ()             # more for the agent that makes Pods processes

    def __init__(self, folder, fake=False, crds=(), keep=False):
        self.folder, self.fake, self.crds, self.keep = pathlib.Path(folder).resolve(), fake, crds, keep
        self.parts = parts.folder()
        self.processes = None
        self.main = self.second = None
        self.gateway = self.envoy_admin = self.prometheus = None

    def __enter__(self):
        self.folder.mkdir(parents=True)
        self.processes = Processes(self.folder)
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        self.processes.stop()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self):
        self.main = ControlPlane('main', self.folder, self.parts, self.processes, self.services)
        self.main.start()
        self.client, self.kubectl = self.main.client, self.main.kubectl
        kubeconfig = self.main.admin.kubeconfig
        self.processes.start('controllers', [
            self.parts / 'stack', 'kube-controller-manager', f'--kubeconfig={kubeconfig}',
            f'--controllers={self.controllers}',
            '--leader-elect=false', f'--authentication-kubeconfig={kubeconfig}',
            f'--authorization-kubeconfig={kubeconfig}',
            '--bind-address=127.0.0.1', f'--secure-port={free_port()}', '--horizontal-pod-autoscaler-sync-period=5s',
            '--kube-api-qps=1000', '--kube-api-burst=2000'])
        self.install()
        pods = [self.parts / 'stack', 'pods', '-kubeconfig', kubeconfig, *self.pods_flags]
        self.processes.start('pods', pods if self.fake else [*pods, '-podinfo', self.parts / 'podinfo'])
        self._await_line('pods', 'pods ready')
        if not self.fake:
            self.start_data_plane()

    def install(self):
        """What is there before a scenario begins."""
        self.main.install(crds=self.crds)
        self.engine = self.main.engine_user('engine')

    # --- the data plane ---

    def start_data_plane(self):
        self._start_mesh()
        self._start_envoy()
        self.prometheus = self.start_prometheus('prometheus', shutil.which('prometheus'))

    def _start_mesh(self):
        (self.folder / 'envoy').mkdir(exist_ok=True)
        (self.folder / 'mesh.log').unlink(missing_ok=True)
        planes = [p for p in (self.main, self.second) if p is not None]
        self.mesh = self.processes.start('mesh', [
            self.parts / 'stack', 'mesh', '-kubeconfig', self.main.admin.kubeconfig, '-dir', self.folder / 'envoy',
            *[word for plane in planes for word in ('-mesh-kubeconfig', plane.admin.kubeconfig)]])
        self._await_line('mesh', 'mesh ready')

    def _start_envoy(self):
        gateway, admin = free_port(), free_port()
        config = self.folder / 'envoy.json'
        config.write_text(json.dumps(envoy_config(self.folder / 'envoy', gateway, admin)))
        self.processes.start('envoy',
                             [self.parts / 'envoy', '-c', config, '--log-level', 'warning', '--concurrency', '1',
                                       '--disable-hot-restart'])
        self.gateway, self.envoy_admin = f'127.0.0.1:{gateway}', f'127.0.0.1:{admin}'
        wait_for(lambda: http_ok(f'http://{self.envoy_admin}/ready'), 30, 'Envoy is ready')

    def start_prometheus(self, name, program):
        """One that scrapes the gateway; returns its URL when it is ready."""
        port = free_port()
        config = self.folder / f'{name}.yml'  # JSON is YAML
        config.write_text(json.dumps(prometheus_config(self.envoy_admin)))
        self.processes.start(name, [
            program, f'--config.file={config}', f'--storage.tsdb.path={self.folder}/{name}',
            f'--web.listen-address=127.0.0.1:{port}', '--log.level=warn'])
        url = f'http://127.0.0.1:{port}'
        wait_for(lambda: http_ok(f'{url}/-/ready'), 30, f'{name} is ready')
        return url

    def _await_line(self, name, text):
        log = self.folder / f'{name}.log'
        wait_for(lambda: log.exists() and text in log.read_text(), 60, f'"{text}" in {log}')

    # --- for tests ---

    def start_plane(self, name):
        plane = ControlPlane(name, self.folder, self.parts, self.processes)
        plane.start()
        return plane

    def second_api(self):
        """A second API server that carries the mesh's objects, with the engine's RBAC and the namespaces made by the
        caller."""
        if self.second is None:
            self.second = self.start_plane('second')
            self.second.install(crds=self.crds)
            self.processes.end(self.mesh)
            self._start_mesh()
        return self.second

    def apply(self, yaml):
        return self.kubectl('apply', '-f', '-', stdin=yaml)

    def get(self, kind, namespace, name):
        return self.client.get(kind, namespace, name)

    def events(self, namespace, name):
        """Messages of the events about one object, oldest first: [(type, message, count)]."""
        found = [e for e in self.client.list('Event', namespace) if e['involvedObject'].get('name') == name]
        found.sort(key=lambda e: int(e['metadata']['resourceVersion']))
        return [(e['type'], e['message'], e.get('count', 1)) for e in found]

    def audit(self, user=None):
        return self.main.audit(user or self.engine)

    def query(self, promql):
        """The value of a Prometheus query; None when there is none."""
        url = f'{self.prometheus}/api/v1/query?{urllib.parse.urlencode({"query": promql})}'
        with urllib.request.urlopen(url, timeout=10) as answer:
            result = json.load(answer)['data']['result']
        return float(result[0]['value'][1]) if result else None


def envoy_config(folder, gateway_port, admin_port):
    """One gateway for all hosts; clusters and routes come from files in a watched folder, so that listeners are never
    drained."""
    def file(name):
        return {'path_config_source': {'path': str(folder / name), 'watched_directory': {'path': str(folder)}}}

    def address(port):
        return {'socket_address': {'address': '127.0.0.1', 'port_value': port}}

    extensions = 'type.googleapis.com/envoy.extensions.filters'
    manager = {
        '@type': f'{extensions}.network.http_connection_manager.v3.HttpConnectionManager', 'stat_prefix': 'gateway',
        'rds': {'route_config_name': 'mesh', 'config_source': file('rds.json')},
        'http_filters': [{'name': 'envoy.filters.http.router',
                          'typed_config': {'@type': f'{extensions}.http.router.v3.Router'}}],
    }
    filters = [{'name': 'envoy.filters.network.http_connection_manager', 'typed_config': manager}]
    return {
        'node': {'id': 'lab', 'cluster': 'lab'},
        'admin': {'address': address(admin_port)},
        'dynamic_resources': {'cds_config': file('cds.json')},
        'static_resources': {'listeners': [{'name': 'gateway', 'address': address(gateway_port),
                                            'filter_chains': [{'filters': filters}]}]},
    }


def prometheus_config(envoy_admin):
    """Scrapes Envoy and gives its cluster statistics the names and labels of Istio's metrics."""
    source, name = 'source_labels', '__name__'
    return {'global': {'scrape_interval': '1s'}, 'scrape_configs': [{
        'job_name': 'mesh', 'metrics_path': '/stats/prometheus', 'static_configs': [{'targets': [envoy_admin]}],
        'metric_relabel_configs': [
            {source: [name], 'regex': 'envoy_cluster_upstream_rq|envoy_cluster_upstream_rq_time_(bucket|sum|count)',
             'action': 'keep'},
            {source: ['envoy_cluster_name'], 'regex': '(.+)[|](.+)', 'target_label': 'destination_workload',
             'replacement': '$1'},
            {source: ['envoy_cluster_name'], 'regex': '(.+)[|](.+)', 'target_label': 'destination_workload_namespace',
             'replacement': '$2'},
            {source: ['envoy_response_code'], 'regex': '(.+)', 'target_label': 'response_code'},
            {'target_label': 'reporter', 'replacement': 'destination'},
            {source: [name], 'regex': 'envoy_cluster_upstream_rq', 'target_label': name,
             'replacement': 'istio_requests_total'},
            {source: [name], 'regex': 'envoy_cluster_upstream_rq_time_(.+)', 'target_label': name,
             'replacement': 'istio_request_duration_milliseconds_$1'},
            {'regex': 'envoy_.*', 'action': 'labeldrop'},
        ]}]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--fake', action='store_true', help='Pods are only reported Ready')
    parser.add_argument('dir', metavar='DIR')
    args = parser.parse_args()
    parts.build()
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, lambda *_: sys.exit(0))  # also in mid-start: what was started is ended
    crds = [pathlib.Path(p) for p in os.environ.get('LAB_CRDS', '').split()]
    with Lab(args.dir, fake=args.fake, crds=crds) as lab:
        print(f'KUBECONFIG={lab.main.admin.kubeconfig}')
        print(f'engine kubeconfig={lab.engine.kubeconfig}')
        if not args.fake:
            print(f'gateway={lab.gateway}\nprometheus={lab.prometheus}\nenvoy admin=http://{lab.envoy_admin}')
        print(f'kubectl={lab.parts / "stack"} kubectl --kubeconfig {lab.main.admin.kubeconfig}', flush=True)
        while True:
            signal.pause()


if __name__ == '__main__':
    main()
