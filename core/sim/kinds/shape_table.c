/* Taken from the OpenAPI document of Kubernetes 1.36: x-kubernetes-list-type, -list-map-keys, -map-type,
 * -patch-strategy and -patch-merge-key. Left out are the volumes of single vendors and the resource claims of Pods. */
#include "base/str.h"
#include "sim/kinds/shape.h"

#define PLAIN(name, fields)                                                                                            \
    {                                                                                                                  \
        name, fields, SHAPE_PLAIN, NULL, NULL, 0                                                                       \
    }
#define ATOMIC(name)                                                                                                   \
    {                                                                                                                  \
        name, NULL, SHAPE_ATOMIC, NULL, NULL, 0                                                                        \
    }
#define LIST(name, fields, keys, merge_key)                                                                            \
    {                                                                                                                  \
        name, fields, SHAPE_LIST_MAP, keys, merge_key, SHAPE_MERGE                                                     \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        NULL, NULL, SHAPE_PLAIN, NULL, NULL, 0                                                                         \
    }

/* Elements that are one value, though their list has keys. */
static const struct shape_field WHOLE[] = {END};

static const struct shape_field METADATA[] = {
    {"finalizers", NULL, SHAPE_LIST_SET, NULL, NULL, SHAPE_MERGE},
    LIST("ownerReferences", WHOLE, "uid", "uid"),
    END,
};

static const struct shape_field STATUS[] = {LIST("conditions", NULL, "type", "type"), END};

/* --- Pods --- */

static const struct shape_field NODE_AFFINITY[] = {ATOMIC("requiredDuringSchedulingIgnoredDuringExecution"), END};
static const struct shape_field AFFINITY[] = {PLAIN("nodeAffinity", NODE_AFFINITY), END};
static const struct shape_field ENV_SOURCE[] = {
    ATOMIC("configMapKeyRef"), ATOMIC("fieldRef"), ATOMIC("resourceFieldRef"), ATOMIC("secretKeyRef"), END,
};
static const struct shape_field ENV[] = {PLAIN("valueFrom", ENV_SOURCE), END};
static const struct shape_field RESOURCES[] = {{"claims", NULL, SHAPE_LIST_MAP, "name", NULL, 0}, END};

static const struct shape_field CONTAINER[] = {
    LIST("env", ENV, "name", "name"),
    LIST("ports", NULL, "containerPort,protocol=TCP", "containerPort"),
    PLAIN("resources", RESOURCES),
    LIST("volumeDevices", NULL, "devicePath", "devicePath"),
    LIST("volumeMounts", NULL, "mountPath", "mountPath"),
    END,
};

static const struct shape_field SPREAD[] = {ATOMIC("labelSelector"), END};
static const struct shape_field CSI[] = {ATOMIC("nodePublishSecretRef"), END};
static const struct shape_field CLAIM_SPEC[] = {ATOMIC("dataSource"), ATOMIC("selector"), END};
static const struct shape_field CLAIM_TEMPLATE[] = {PLAIN("metadata", METADATA), PLAIN("spec", CLAIM_SPEC), END};
static const struct shape_field EPHEMERAL[] = {PLAIN("volumeClaimTemplate", CLAIM_TEMPLATE), END};
static const struct shape_field VOLUME[] = {PLAIN("csi", CSI), PLAIN("ephemeral", EPHEMERAL), END};

static const struct shape_field POD_SPEC[] = {
    PLAIN("affinity", AFFINITY),
    LIST("containers", CONTAINER, "name", "name"),
    LIST("ephemeralContainers", CONTAINER, "name", "name"),
    LIST("hostAliases", NULL, "ip", "ip"),
    LIST("imagePullSecrets", WHOLE, "name", "name"),
    LIST("initContainers", CONTAINER, "name", "name"),
    ATOMIC("nodeSelector"),
    PLAIN("resources", RESOURCES),
    LIST("schedulingGates", NULL, "name", "name"),
    LIST("topologySpreadConstraints", SPREAD, "topologyKey,whenUnsatisfiable", "topologyKey"),
    {"volumes", VOLUME, SHAPE_LIST_MAP, "name", "name", SHAPE_MERGE | SHAPE_RETAIN_KEYS},
    END,
};

static const struct shape_field CONTAINER_STATUS[] = {LIST("volumeMounts", NULL, "mountPath", "mountPath"), END};

static const struct shape_field POD_STATUS[] = {
    LIST("conditions", NULL, "type", "type"),
    PLAIN("containerStatuses", CONTAINER_STATUS),
    PLAIN("ephemeralContainerStatuses", CONTAINER_STATUS),
    {"hostIPs", NULL, SHAPE_PLAIN, NULL, "ip", SHAPE_MERGE},
    PLAIN("initContainerStatuses", CONTAINER_STATUS),
    LIST("podIPs", NULL, "ip", "ip"),
    END,
};

static const struct shape_field POD[] = {
    PLAIN("metadata", METADATA),
    PLAIN("spec", POD_SPEC),
    PLAIN("status", POD_STATUS),
    END,
};

/* --- workloads: what one of them lacks does no harm to it --- */

static const struct shape_field TEMPLATE[] = {PLAIN("metadata", METADATA), PLAIN("spec", POD_SPEC), END};

static const struct shape_field WORKLOAD_SPEC[] = {
    ATOMIC("selector"),
    {"strategy", NULL, SHAPE_PLAIN, NULL, NULL, SHAPE_RETAIN_KEYS},
    PLAIN("template", TEMPLATE),
    PLAIN("volumeClaimTemplates", CLAIM_TEMPLATE),
    END,
};

static const struct shape_field WORKLOAD[] = {
    PLAIN("metadata", METADATA),
    PLAIN("spec", WORKLOAD_SPEC),
    PLAIN("status", STATUS),
    END,
};

/* --- around them --- */

static const struct shape_field SERVICE_SPEC[] = {
    LIST("ports", NULL, "port,protocol=TCP", "port"),
    ATOMIC("selector"),
    END,
};

static const struct shape_field SERVICE[] = {
    PLAIN("metadata", METADATA),
    PLAIN("spec", SERVICE_SPEC),
    PLAIN("status", STATUS),
    END,
};

static const struct shape_field SCALER_V1_SPEC[] = {ATOMIC("scaleTargetRef"), END};
static const struct shape_field SCALER_V1[] = {PLAIN("metadata", METADATA), PLAIN("spec", SCALER_V1_SPEC), END};

static const struct shape_field WITH_CONDITIONS[] = {PLAIN("metadata", METADATA), PLAIN("status", STATUS), END};

static const struct shape_field EVENT[] = {
    ATOMIC("involvedObject"),
    PLAIN("metadata", METADATA),
    ATOMIC("related"),
    END,
};

static const struct shape_field SERVICE_ACCOUNT[] = {
    PLAIN("metadata", METADATA),
    LIST("secrets", WHOLE, "name", "name"),
    END,
};

static const struct shape_field INGRESS_SERVICE[] = {ATOMIC("port"), END};
static const struct shape_field INGRESS_BACKEND[] = {ATOMIC("resource"), PLAIN("service", INGRESS_SERVICE), END};
static const struct shape_field INGRESS_SPEC[] = {PLAIN("defaultBackend", INGRESS_BACKEND), END};
static const struct shape_field INGRESS[] = {PLAIN("metadata", METADATA), PLAIN("spec", INGRESS_SPEC), END};

static const struct shape_field BUDGET_SPEC[] = {{"selector", NULL, SHAPE_ATOMIC, NULL, NULL, SHAPE_REPLACE}, END};
static const struct shape_field BUDGET[] = {
    PLAIN("metadata", METADATA),
    PLAIN("spec", BUDGET_SPEC),
    PLAIN("status", STATUS),
    END,
};

static const struct shape_field BINDING[] = {PLAIN("metadata", METADATA), ATOMIC("roleRef"), END};
static const struct shape_field OTHER[] = {PLAIN("metadata", METADATA), END};

static const struct {
    const char *group, *version, *kind; /* version NULL: any */
    const struct shape_field *fields;
} kinds[] = {
    {"apps", NULL, "Deployment", WORKLOAD},
    {"apps", NULL, "ReplicaSet", WORKLOAD},
    {"apps", NULL, "DaemonSet", WORKLOAD},
    {"apps", NULL, "StatefulSet", WORKLOAD},
    {"", NULL, "Pod", POD},
    {"", NULL, "Service", SERVICE},
    {"", NULL, "Namespace", WITH_CONDITIONS},
    {"", NULL, "Event", EVENT},
    {"", NULL, "ServiceAccount", SERVICE_ACCOUNT},
    {"autoscaling", "v1", "HorizontalPodAutoscaler", SCALER_V1},
    {"autoscaling", NULL, "HorizontalPodAutoscaler", WITH_CONDITIONS},
    {"networking.k8s.io", NULL, "Ingress", INGRESS},
    {"policy", NULL, "PodDisruptionBudget", BUDGET},
    {"rbac.authorization.k8s.io", NULL, "RoleBinding", BINDING},
    {"rbac.authorization.k8s.io", NULL, "ClusterRoleBinding", BINDING},
    {"apiextensions.k8s.io", NULL, "CustomResourceDefinition", WITH_CONDITIONS},
};

const struct shape_field *shape_table(const char *group, const char *version, const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (str_equal(kinds[i].group, group) && str_equal(kinds[i].kind, kind) &&
            (kinds[i].version == NULL || str_equal(kinds[i].version, version))) {
            return kinds[i].fields;
        }
    }
    return OTHER;
}

const struct shape_field *shape_table_metadata(void)
{
    return METADATA;
}

const struct shape_field *shape_table_whole(void)
{
    return WHOLE;
}
