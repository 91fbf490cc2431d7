/* The embedded cluster: everything of this room behind the two doors, on any clock (io/virtual_clock.h in a
 * story, a loop's for kubectl).
 *
 *     http://kubernetes     the API server, with the controllers at work behind it
 *     http://prometheus     Prometheus, fed by the traffic model
 *
 * Other hosts (webhooks) are added by whoever needs them: network_host(cluster_network(c), …). The same seed gives the
 * same history. */
#pragma once

#include "sim/api/api.h"
#include "sim/ground/behaviour.h"
#include "sim/ground/network.h"
#include "sim/prometheus/prometheus.h"
#include "sim/traffic/traffic.h"

#define CLUSTER_API_URL "http://kubernetes"
#define CLUSTER_PROMETHEUS_URL "http://prometheus"

struct cluster;

struct cluster *cluster_new(struct clock *clock, uint64_t seed);
/* Every call through the network must have ended. */
void cluster_free(struct cluster *cluster);

struct clock *cluster_clock(struct cluster *cluster);
struct network *cluster_network(struct cluster *cluster);
struct api *cluster_api(struct cluster *cluster);
struct behaviours *cluster_behaviours(struct cluster *cluster);
struct traffic *cluster_traffic(struct cluster *cluster);
struct prometheus *cluster_prometheus(struct cluster *cluster);

/* The kind that an object says it is of; NULL: err says that the cluster has no such kind, or not yet. */
const struct kind *cluster_kind(struct cluster *cluster, const struct node *object, struct err *err);
/* While the cluster is full, new Pods find no node. */
void cluster_set_full(struct cluster *cluster, bool full);

/* Creates every object of an array of documents, in order. False: err names the object, the rest was not created. */
bool cluster_create(struct cluster *cluster, const struct node *objects, struct err *err);
