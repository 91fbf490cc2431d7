"""What users apply: the tutorial's Deployment, autoscaler and Canary, each as a dictionary to be changed by a
scenario."""

NAME = 'podinfo'
PORT = 9898


def deployment(namespace, tag='3.1.0', replicas=1, env=None, **spec):
    container = {
        'name': 'podinfod', 'image': f'stefanprodan/podinfo:{tag}', 'env': env or [],
        'command': ['./podinfo', f'--port={PORT}'],
        'ports': [{'name': 'http', 'containerPort': PORT, 'protocol': 'TCP'},
                  {'name': 'http-metrics', 'containerPort': 9797},
                  {'name': 'grpc', 'containerPort': 9999}],
    }
    return {
        'apiVersion': 'apps/v1', 'kind': 'Deployment',
        'metadata': {'name': NAME, 'namespace': namespace, 'labels': {'app': NAME}},
        'spec': {
            'replicas': replicas, 'minReadySeconds': 0, 'revisionHistoryLimit': 5, 'progressDeadlineSeconds': 60,
            'strategy': {'type': 'RollingUpdate', 'rollingUpdate': {'maxUnavailable': 1}},
            'selector': {'matchLabels': {'app': NAME}},
            'template': {
                'metadata': {'labels': {'app': NAME},
                             'annotations': {'prometheus.io/scrape': 'true', 'prometheus.io/port': '9797'}},
                'spec': {'containers': [container], 'terminationGracePeriodSeconds': 1},
            },
            **spec,
        },
    }


def autoscaler(namespace, minimum=2, maximum=4):
    target = {'type': 'Utilization', 'averageUtilization': 99}
    return {
        'apiVersion': 'autoscaling/v2', 'kind': 'HorizontalPodAutoscaler',
        'metadata': {'name': NAME, 'namespace': namespace},
        'spec': {'scaleTargetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': NAME},
                 'minReplicas': minimum, 'maxReplicas': maximum,
                 'metrics': [{'type': 'Resource', 'resource': {'name': 'cpu', 'target': target}}]},
    }


def config(namespace, name, data):
    return {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name, 'namespace': namespace}, 'data': data}


def host(namespace):
    """The name under which the outside world reaches a namespace's podinfo."""
    return f'{namespace}.example.com'


def canary(namespace, analysis, service=None, **spec):
    """The tutorial's Canary with another analysis; `service` and `spec` replace fields, None removes one."""
    whole = {
        'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': NAME},
        'progressDeadlineSeconds': 60,
        'service': {
            'port': PORT, 'targetPort': PORT, 'gateways': ['istio-system/public-gateway'], 'hosts': [host(namespace)],
            'trafficPolicy': {'tls': {'mode': 'DISABLE'}},
            'retries': {'attempts': 3, 'perTryTimeout': '1s',
                        'retryOn': 'gateway-error,connect-failure,refused-stream'},
            **(service or {}),
        },
        'analysis': analysis,
        **spec,
    }
    return {'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': NAME, 'namespace': namespace},
            'spec': given({**whole, 'service': given(whole['service'])})}


def given(fields):
    return {key: value for key, value in fields.items() if value is not None}


AUTOSCALER_REF = {'apiVersion': 'autoscaling/v2', 'kind': 'HorizontalPodAutoscaler', 'name': NAME}

METRICS = [
    {'name': 'request-success-rate', 'thresholdRange': {'min': 99}, 'interval': '20s'},
    {'name': 'request-duration', 'thresholdRange': {'max': 500}, 'interval': '20s'},
]


def analysis(webhooks=(), **fields):
    """Every ten seconds (the shortest there is), five failures, steps of 10 to 50, the two built-in metrics; None
    removes a field."""
    whole = {'interval': '10s', 'threshold': 5, 'maxWeight': 50, 'stepWeight': 10, 'metrics': METRICS,
             'webhooks': list(webhooks), **fields}
    return {key: value for key, value in whole.items() if value is not None}


def webhook(name, kind, url, **fields):
    return {'name': name, 'type': kind, 'url': url, 'timeout': '5s', 'metadata': {'cmd': f'run {name}'}, **fields}
