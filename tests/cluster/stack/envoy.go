package main

// Envoy's configuration from Kubernetes and Istio objects: one cluster for every Service, one virtual host for every
// VirtualService and for every Service that none of them covers. Of a VirtualService's HTTP routes it takes matches by
// URI and headers, weighted destinations, mirrors, rewrites by prefix and timeouts; what else a route can carry does
// not change where a request goes.

import (
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

type object = map[string]any

// --- clusters ---

// envoyClusters returns the clusters and the set of their names, "service.namespace".
func envoyClusters(services []*corev1.Service, pods []*corev1.Pod) (clusters []any, known map[string]bool) {
	known = map[string]bool{}
	for _, s := range services {
		if len(s.Spec.Selector) == 0 || len(s.Spec.Ports) == 0 {
			continue
		}
		selector := labels.SelectorFromSet(s.Spec.Selector)
		var endpoints []any
		statName := s.Name
		for _, p := range pods {
			if p.Namespace == s.Namespace && p.Status.PodIP != "" && p.DeletionTimestamp == nil &&
				selector.Matches(labels.Set(p.Labels)) {
				statName = workloadName(p)
				address := object{"address": p.Status.PodIP, "port_value": targetPort(s, p)}
				endpoints = append(endpoints, object{"endpoint": object{"address": object{"socket_address": address}}})
			}
		}
		name := serviceName(s)
		known[name] = true
		clusters = append(clusters, object{
			"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": name, "type": "STATIC",
			"connect_timeout": "1s",
			// Prometheus splits this into Istio's labels; a dot would move a part of it into the metric's name.
			"alt_stat_name":   statName + "|" + s.Namespace,
			"load_assignment": object{"cluster_name": name, "endpoints": []any{object{"lb_endpoints": endpoints}}},
		})
	}
	return clusters, known
}

// workloadName is the Deployment a Pod belongs to, as Istio's metrics name it.
func workloadName(p *corev1.Pod) string {
	for _, owner := range p.OwnerReferences {
		if owner.Kind == "ReplicaSet" {
			return owner.Name[:strings.LastIndex(owner.Name, "-")]
		}
		return owner.Name
	}
	return p.Name
}

func targetPort(s *corev1.Service, p *corev1.Pod) int {
	target := s.Spec.Ports[0].TargetPort
	for _, port := range p.Spec.Containers[0].Ports {
		if target.StrVal != "" && port.Name == target.StrVal {
			return int(port.ContainerPort)
		}
	}
	return target.IntValue()
}

// --- routes ---

func envoyRoutes(routes []*unstructured.Unstructured, services []*corev1.Service, known map[string]bool) []any {
	var hosts []any
	taken := map[string]bool{}
	for _, v := range routes {
		var domains []any
		names, _, _ := unstructured.NestedStringSlice(v.Object, "spec", "hosts")
		for _, host := range names {
			if !strings.Contains(host, ".") && host != "*" {
				host += "." + v.GetNamespace()
			}
			for _, domain := range []string{host, host + ":*"} {
				if !taken[domain] && domain != "*:*" {
					taken[domain] = true
					domains = append(domains, domain)
				}
			}
		}
		var entries []any
		http, _, _ := unstructured.NestedSlice(v.Object, "spec", "http")
		for _, route := range http {
			entries = append(entries, routeEntries(route.(object), v.GetNamespace(), known)...)
		}
		if len(domains) > 0 {
			hosts = append(hosts, object{"name": v.GetNamespace() + "/" + v.GetName(), "domains": domains, "routes": entries})
		}
	}
	for _, s := range services {
		name := serviceName(s)
		if known[name] && !taken[name] {
			all := object{"match": object{"prefix": "/"}, "route": object{"cluster": name}}
			hosts = append(hosts, object{"name": "service/" + name, "domains": []any{name, name + ":*"}, "routes": []any{all}})
		}
	}
	return []any{object{"@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", "name": "mesh",
		"virtual_hosts": hosts}}
}

// routeEntries is one HTTP route of a VirtualService: an entry for each of its matches.
func routeEntries(route object, namespace string, known map[string]bool) []any {
	action := routeAction(route, namespace, known)
	matches, _ := route["match"].([]any)
	if len(matches) == 0 {
		matches = []any{object{}}
	}
	var entries []any
	for _, m := range matches {
		entry := object{"match": routeMatch(m.(object))}
		if action == nil {
			entry["direct_response"] = object{"status": 503}
		} else {
			entry["route"] = action
		}
		entries = append(entries, entry)
	}
	return entries
}

// routeAction is nil when no destination can take a request.
func routeAction(route object, namespace string, known map[string]bool) object {
	destinations, _ := route["route"].([]any)
	var weighted []any
	total := int64(0)
	for _, d := range destinations {
		host, _, _ := unstructured.NestedString(d.(object), "destination", "host")
		weight, _ := d.(object)["weight"].(int64)
		if len(destinations) == 1 {
			weight = 100 // as in Istio: the only destination gets all, whatever its weight says
		}
		if name := clusterOf(host, namespace); known[name] {
			weighted = append(weighted, object{"name": name, "weight": weight})
			total += weight
		}
	}
	if total == 0 {
		return nil
	}
	action := object{"weighted_clusters": object{"clusters": weighted}}
	if timeout, ok := route["timeout"].(string); ok {
		action["timeout"] = timeout
	}
	if uri, ok, _ := unstructured.NestedString(route, "rewrite", "uri"); ok {
		action["prefix_rewrite"] = uri
	}
	if host, ok, _ := unstructured.NestedString(route, "mirror", "host"); ok && known[clusterOf(host, namespace)] {
		action["request_mirror_policies"] = []any{object{
			"cluster":          clusterOf(host, namespace),
			"runtime_fraction": object{"default_value": object{"numerator": mirrorShare(route), "denominator": "TEN_THOUSAND"}},
		}}
	}
	return action
}

// mirrorShare is how many of 10,000 requests are mirrored: all unless a percentage says otherwise.
func mirrorShare(route object) int {
	value, _, _ := unstructured.NestedFieldNoCopy(route, "mirrorPercentage", "value")
	switch percent := value.(type) {
	case float64:
		return int(percent * 100)
	case int64:
		return int(percent * 100)
	}
	return 10000
}

// clusterOf turns "podinfo", "podinfo.test" and "podinfo.test.svc.cluster.local" into "podinfo.test".
func clusterOf(host, namespace string) string {
	parts := strings.Split(host, ".")
	if len(parts) == 1 {
		return host + "." + namespace
	}
	return parts[0] + "." + parts[1]
}

func routeMatch(match object) object {
	out := object{"prefix": "/"}
	uri, _ := match["uri"].(object)
	for kind, value := range uri {
		switch kind {
		case "exact":
			out = object{"path": value}
		case "prefix":
			out = object{"prefix": value}
		case "regex":
			out = object{"safe_regex": object{"regex": value}}
		}
	}
	headers, _ := match["headers"].(object)
	var names []string
	for name := range headers {
		names = append(names, name)
	}
	sort.Strings(names)
	var wanted []any
	for _, name := range names {
		entry := object{"name": name}
		matcher, _ := headers[name].(object)
		for kind, value := range matcher {
			if kind == "regex" {
				entry["string_match"] = object{"safe_regex": object{"regex": value}}
			} else {
				entry["string_match"] = object{kind: value}
			}
		}
		if entry["string_match"] == nil {
			entry["present_match"] = true
		}
		wanted = append(wanted, entry)
	}
	if wanted != nil {
		out["headers"] = wanted
	}
	return out
}
