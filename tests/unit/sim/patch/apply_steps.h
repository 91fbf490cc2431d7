/* What test_apply.c does, one step after the other, and what a server made of it. */
#pragma once

#include <stddef.h>

enum which { DEPLOYMENTS, SERVICES, CONFIGMAPS, THINGS };
/* NEW: there is no object before. */
enum { APPLY = 1, UPDATE = 2, CREATE = 4, NEW = 8, FORCE = 16 };

/* Steps on one object after the other. The same were made on an API server (v1.36.3), with objects that have their
 * defaults; its conflicts had these texts, and its managedFields were those. Owners: manager, /subresource, ! when it
 * applies, FieldsV1. */
static const struct {
    const char *name;
    enum which which;
    unsigned how;
    const char *manager, *subresource, *input;
    const char *want; /* the object; or, where there are no owners, the error */
    const char *owners;
} steps[] = {
    {"the first to apply", DEPLOYMENTS, APPLY | NEW, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'selector':{'matchLabels':{'app':'x'}},'temp"
     "late':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'a','image':'img/a'}]}},'"
     "replicas':2}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}]}},'replicas':2}}",
     "m1! {\"f:spec\":{\"f:replicas\":{},\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{"
     "}}},\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}};"},
    {"the same again", DEPLOYMENTS, APPLY, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'selector':{'matchLabels':{'app':'x'}},'temp"
     "late':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'a','image':'img/a'}]}},'"
     "replicas':2}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}]}},'replicas':2}}",
     "m1! {\"f:spec\":{\"f:replicas\":{},\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{"
     "}}},\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}};"},
    {"a conflict", DEPLOYMENTS, APPLY, "m2", NULL, "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'replicas':3}}",
     "Apply failed with 1 conflict: conflict with \"m1\": .spec.replicas", NULL},
    {"two conflicts", DEPLOYMENTS, APPLY, "m2", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'replicas':3,'template':{'spec':{'containers"
     "':[{'name':'a','image':'other'}]}}}}",
     "Apply failed with 2 conflicts: conflicts with \"m1\":\n- .spec.replicas\n- .spec.template.spec.conta"
     "iners[name=\"a\"].image",
     NULL},
    {"the same value is shared", DEPLOYMENTS, APPLY, "m2", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'replicas':2}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}]}},'replicas':2}}",
     "m1! {\"f:spec\":{\"f:replicas\":{},\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{"
     "}}},\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}; "
     "m2! {"
     "\"f:spec\":{\"f:replicas\":{}}};"},
    {"force takes it", DEPLOYMENTS, APPLY | FORCE, "m2", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'replicas':5}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}]}},'replicas':5}}",
     "m1! {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{}}},\"f:spec\":{\"f"
     ":containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}; m2! "
     "{\"f:spec\":{\"f:rep"
     "licas\":{}}};"},
    {"what nobody wants any more goes", DEPLOYMENTS, APPLY, "m2", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'labels':{'l':'1'}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}]}}},'metadata':{'labels':{'l':'1'}}}",
     "m1! {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{}}},\"f:spec\":{\"f"
     ":containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}; m2! "
     "{\"f:metadata\":{\"f"
     ":labels\":{\"f:l\":{}}}};"},
    {"a container by another", DEPLOYMENTS, APPLY, "m3", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'template':{'spec':{'containers':[{'name':'b"
     "','image':'img/b','ports':[{'containerPort':80}],'env':[{'name':'X','value':'1'},{'name':'Y','va"
     "lue':'2'}]}]}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'},{'name':'b','image':'img/b','ports':[{'containe"
     "rPort':80}],'env':[{'name':'X','value':'1'},{'name':'Y','value':'2'}]}]}}},'metadata':{'labels':"
     "{'l':'1'}}}",
     "m1! {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{}}},\"f:spec\":{\"f"
     ":containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}; m2! "
     "{\"f:metadata\":{\"f"
     ":labels\":{\"f:l\":{}}}}; m3! "
     "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"b\\\""
     "}\":{\".\":{},\"f:env\":{\"k:{\\\"name\\\":\\\"X\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}},\"k:{"
     "\\\"name\\\":\\\"Y\\\"}\":"
     "{\".\":{},\"f:name\":{},\"f:value\":{}}},\"f:image\":{},\"f:name\":{},\"f:ports\":{\"k:{\\\"containerPort\\\":80,"
     "\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}}}}}}}}};"},
    {"less of it", DEPLOYMENTS, APPLY, "m3", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'template':{'spec':{'containers':[{'name':'b"
     "','image':'img/b','env':[{'name':'Y','value':'2'}]}]}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'},{'name':'b','image':'img/b','env':[{'name':'Y',"
     "'value':'2'}]}]}}},'metadata':{'labels':{'l':'1'}}}",
     "m1! {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{}}},\"f:spec\":{\"f"
     ":containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}; m2! "
     "{\"f:metadata\":{\"f"
     ":labels\":{\"f:l\":{}}}}; m3! "
     "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"b\\\""
     "}\":{\".\":{},\"f:env\":{\"k:{\\\"name\\\":\\\"Y\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}}},\"f:image\":{},"
     "\"f:name"
     "\":{}}}}}}};"},
    {"all of it goes", DEPLOYMENTS, APPLY, "m3", NULL, "{'apiVersion':'apps/v1','kind':'Deployment'}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}]}}},'metadata':{'labels':{'l':'1'}}}",
     "m1! {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{}}},\"f:spec\":{\"f"
     ":containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}; m2! "
     "{\"f:metadata\":{\"f"
     ":labels\":{\"f:l\":{}}}};"},
    {"an update takes", DEPLOYMENTS, UPDATE, "up", NULL,
     "{'spec':{'replicas':7,'template':{'spec':{'dnsPolicy':'Default'}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}],'dnsPolicy':'Default'}},'replicas':7},'metadat"
     "a':{'labels':{'l':'1'}}}",
     "m1! {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{}}},\"f:spec\":{\"f"
     ":containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}; m2! "
     "{\"f:metadata\":{\"f"
     ":labels\":{\"f:l\":{}}}}; up {\"f:spec\":{\"f:replicas\":{},\"f:template\":{\"f:spec\":{\"f:dnsPolicy\":{}}}}"
     "};"},
    {"a conflict with an update", DEPLOYMENTS, APPLY, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'selector':{'matchLabels':{'app':'x'}},'temp"
     "late':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'a','image':'img/a'}]}},'"
     "replicas':1}}",
     "Apply failed with 1 conflict: conflict with \"up\" using apps/v1: .spec.replicas", NULL},
    {"a status", DEPLOYMENTS, UPDATE, "ctl", "status",
     "{'status':{'replicas':1,'conditions':[{'type':'A','status':'True'}]}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}],'dnsPolicy':'Default'}},'replicas':7},'metadat"
     "a':{'labels':{'l':'1'}},'status':{'replicas':1,'conditions':[{'type':'A','status':'True'}]}}",
     "m1! {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{}}},\"f:spec\":{\"f"
     ":containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}; m2! "
     "{\"f:metadata\":{\"f"
     ":labels\":{\"f:l\":{}}}}; ctl/status "
     "{\"f:status\":{\"f:conditions\":{\".\":{},\"k:{\\\"type\\\":\\\"A\\\"}\":{\".\":"
     "{},\"f:status\":{},\"f:type\":{}}},\"f:replicas\":{}}}; up {\"f:spec\":{\"f:replicas\":{},\"f:template\":{\"f"
     ":spec\":{\"f:dnsPolicy\":{}}}}};"},
    {"a conflict about the status", DEPLOYMENTS, APPLY, "m4", "status",
     "{'apiVersion':'apps/v1','kind':'Deployment','status':{'conditions':[{'type':'A','status':'False'"
     "}]}}",
     "Apply failed with 1 conflict: conflict with \"ctl\" with subresource \"status\" using apps/v1: .stat"
     "us.conditions[type=\"A\"].status",
     NULL},
    {"a status by the main door is nobody's", DEPLOYMENTS, APPLY, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'selector':{'matchLabels':{'app':'x'}},'temp"
     "late':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'a','image':'img/a'}]}}},"
     "'status':{'replicas':5}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}],'dnsPolicy':'Default'}},'replicas':7},'metadat"
     "a':{'labels':{'l':'1'}},'status':{'replicas':5,'conditions':[{'type':'A','status':'True'}]}}",
     "m1! {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{}}},\"f:spec\":{\"f"
     ":containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}; m2! "
     "{\"f:metadata\":{\"f"
     ":labels\":{\"f:l\":{}}}}; ctl/status "
     "{\"f:status\":{\"f:conditions\":{\".\":{},\"k:{\\\"type\\\":\\\"A\\\"}\":{\".\":"
     "{},\"f:status\":{},\"f:type\":{}}},\"f:replicas\":{}}}; up {\"f:spec\":{\"f:replicas\":{},\"f:template\":{\"f"
     ":spec\":{\"f:dnsPolicy\":{}}}}};"},
    {"nothing changes", DEPLOYMENTS, UPDATE, "up2", NULL, "{}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}],'dnsPolicy':'Default'}},'replicas':7},'metadat"
     "a':{'labels':{'l':'1'}},'status':{'replicas':5,'conditions':[{'type':'A','status':'True'}]}}",
     "m1! {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{}}},\"f:spec\":{\"f"
     ":containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}; m2! "
     "{\"f:metadata\":{\"f"
     ":labels\":{\"f:l\":{}}}}; ctl/status "
     "{\"f:status\":{\"f:conditions\":{\".\":{},\"k:{\\\"type\\\":\\\"A\\\"}\":{\".\":"
     "{},\"f:status\":{},\"f:type\":{}}},\"f:replicas\":{}}}; up {\"f:spec\":{\"f:replicas\":{},\"f:template\":{\"f"
     ":spec\":{\"f:dnsPolicy\":{}}}}};"},
    {"a removal takes from all", DEPLOYMENTS, UPDATE, "up2", NULL,
     "{'metadata':{'labels':null},'spec':{'replicas':null}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}],'dnsPolicy':'Default'}}},'status':{'replicas':"
     "5,'conditions':[{'type':'A','status':'True'}]}}",
     "m1! {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\"f:app\":{}}},\"f:spec\":{\"f"
     ":containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}; ctl/status "
     "{\"f:status"
     "\":{\"f:conditions\":{\".\":{},\"k:{\\\"type\\\":\\\"A\\\"}\":{\".\":{},\"f:status\":{},\"f:type\":{}}},\"f:"
     "replicas\":"
     "{}}}; up {\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:dnsPolicy\":{}}}}};"},
    {"ownership is forgotten on demand", DEPLOYMENTS, UPDATE, "up2", NULL, "{'metadata':{'managedFields':[{}]}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}],'dnsPolicy':'Default'}}},'status':{'replicas':"
     "5,'conditions':[{'type':'A','status':'True'}]}}",
     ""},
    {"and not tracked then", DEPLOYMENTS, UPDATE, "up2", NULL, "{'spec':{'replicas':4}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}],'dnsPolicy':'Default'}},'replicas':4},'status'"
     ":{'replicas':5,'conditions':[{'type':'A','status':'True'}]}}",
     ""},
    {"until somebody applies", DEPLOYMENTS, APPLY, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'template':{'spec':{'containers':[{'name':'a"
     "','image':'img/a'}]}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}],'dnsPolicy':'Default'}},'replicas':4},'status'"
     ":{'replicas':5,'conditions':[{'type':'A','status':'True'}]}}",
     "m1! "
     "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{"
     "}"
     ",\"f:name\":{}}}}}}}; before-first-apply {\"f:spec\":{\"f:replicas\":{},\"f:selector\":{},\"f:template\":{"
     "\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}},\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}"
     "\":{\"."
     "\":{},\"f:image\":{},\"f:name\":{}}},\"f:dnsPolicy\":{}}}}};"},
    {"what was there before is an owner", DEPLOYMENTS, APPLY, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'replicas':9}}",
     "Apply failed with 1 conflict: conflict with \"before-first-apply\" using apps/v1: .spec.replicas", NULL},
    {"finalizers are a set", DEPLOYMENTS, APPLY, "m4", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'finalizers':['h/a','h/b'],'ownerReferen"
     "ces':[{'kind':'ConfigMap','name':'x','uid':'u1'}]}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}],'dnsPolicy':'Default'}},'replicas':4},'metadat"
     "a':{'finalizers':['h/a','h/b'],'ownerReferences':[{'kind':'ConfigMap','name':'x','uid':'u1'}]},'"
     "status':{'replicas':5,'conditions':[{'type':'A','status':'True'}]}}",
     "m1! "
     "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{"
     "}"
     ",\"f:name\":{}}}}}}}; m4! "
     "{\"f:metadata\":{\"f:finalizers\":{\"v:\\\"h/a\\\"\":{},\"v:\\\"h/b\\\"\":{}},\"f:ownerRe"
     "ferences\":{\"k:{\\\"uid\\\":\\\"u1\\\"}\":{}}}}; before-first-apply {\"f:spec\":{\"f:replicas\":{},\"f:selector"
     "\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}},\"f:spec\":{\"f:containers\":{\"k:{\\"
     "\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{}}},\"f:dnsPolicy\":{}}}}};"},
    {"of which some change", DEPLOYMENTS, APPLY, "m4", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'finalizers':['h/b','h/c']}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a'}],'dnsPolicy':'Default'}},'replicas':4},'metadat"
     "a':{'finalizers':['h/b','h/c']},'status':{'replicas':5,'conditions':[{'type':'A','status':'True'"
     "}]}}",
     "m1! "
     "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{"
     "}"
     ",\"f:name\":{}}}}}}}; m4! {\"f:metadata\":{\"f:finalizers\":{\"v:\\\"h/b\\\"\":{},\"v:\\\"h/c\\\"\":{}}}}; "
     "before-"
     "first-apply {\"f:spec\":{\"f:replicas\":{},\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\""
     ".\":{},\"f:app\":{}}},\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:"
     "name\":"
     "{}}},\"f:dnsPolicy\":{}}}}};"},
    {"equal names are refused", DEPLOYMENTS, APPLY, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'x','namespace':'y'},'spec':{'tem"
     "plate':{'spec':{'containers':[{'name':'a','image':'img/a'},{'name':'a','image':'img/a'}]}}}}",
     "failed to create typed patch object (y/x; apps/v1, Kind=Deployment): .spec.template.spec.contain"
     "ers: duplicate entries for key [name=\"a\"]",
     NULL},
    {"equal finalizers are refused", DEPLOYMENTS, APPLY, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'finalizers':['h/a','h/a']}}",
     "failed to create typed patch object (/; apps/v1, Kind=Deployment): .metadata.finalizers: duplica"
     "te entries for key [=\"h/a\"]",
     NULL},
    {"managedFields cannot be applied", DEPLOYMENTS, APPLY, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'managedFields':[]}}",
     "metadata.managedFields must be nil", NULL},
    {"who creates owns all", DEPLOYMENTS, CREATE, "kubectl", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'selector':{'matchLabels':{'app':'x'}},'temp"
     "late':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'a','image':'img/a','port"
     "s':[{'containerPort':80},{'containerPort':443},{'containerPort':8080}],'env':[{'name':'X','value"
     "From':{'fieldRef':{'fieldPath':'a'}}}]}],'nodeSelector':{'a':'b'},'securityContext':{}}},'strate"
     "gy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a','ports':[{'containerPort':80},{'containerPort':4"
     "43},{'containerPort':8080}],'env':[{'name':'X','valueFrom':{'fieldRef':{'fieldPath':'a'}}}]}],'n"
     "odeSelector':{'a':'b'},'securityContext':{}}},'strategy':{'type':'RollingUpdate','rollingUpdate'"
     ":{'maxSurge':1}}}}",
     "kubectl {\"f:spec\":{\"f:selector\":{},\"f:strategy\":{\"f:rollingUpdate\":{\".\":{},\"f:maxSurge\":{}},\"f:t"
     "ype\":{}},\"f:template\":{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}},\"f:spec\":{\"f:containers\":{\""
     "k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:env\":{\".\":{},\"k:{\\\"name\\\":\\\"X\\\"}\":{\".\":{},\"f:name\":{}"
     ",\"f:valueFro"
     "m\":{\".\":{},\"f:fieldRef\":{}}}},\"f:image\":{},\"f:name\":{},\"f:ports\":{\".\":{},\"k:{\\\"containerPort\\\":"
     "8"
     "0,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}},\"k:{\\\"containerPort\\\":443,"
     "\\\"protocol\\\":\\\""
     "TCP\\\"}\":{\".\":{},\"f:containerPort\":{}},\"k:{\\\"containerPort\\\":8080,\\\"protocol\\\":\\\"TCP\\\"}\":{\"."
     "\":{},"
     "\"f:containerPort\":{}}}}},\"f:nodeSelector\":{},\"f:securityContext\":{}}}}};"},
    {"ports are known by number and protocol", DEPLOYMENTS, APPLY, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'template':{'spec':{'containers':[{'name':'a"
     "','ports':[{'containerPort':80,'name':'http'},{'containerPort':81,'protocol':'UDP'}]}]}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a','ports':[{'containerPort':80,'name':'http'},{'co"
     "ntainerPort':443},{'containerPort':8080},{'containerPort':81,'protocol':'UDP'}],'env':[{'name':'"
     "X','valueFrom':{'fieldRef':{'fieldPath':'a'}}}]}],'nodeSelector':{'a':'b'},'securityContext':{}}"
     "},'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1}}}}",
     "m1! "
     "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:name\":{}"
     ","
     "\"f:ports\":{\"k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{},\"f:"
     "name\""
     ":{}},\"k:{\\\"containerPort\\\":81,\\\"protocol\\\":\\\"UDP\\\"}\":{\".\":{},\"f:containerPort\":{},\"f:"
     "protocol\":{"
     "}}}}}}}}}; kubectl {\"f:spec\":{\"f:selector\":{},\"f:strategy\":{\"f:rollingUpdate\":{\".\":{},\"f:maxSurg"
     "e\":{}},\"f:type\":{}},\"f:template\":{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}},\"f:spec\":{\"f:con"
     "tainers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:env\":{\".\":{},\"k:{\\\"name\\\":\\\"X\\\"}\":{\".\":{},"
     "\"f:name\":{},"
     "\"f:valueFrom\":{\".\":{},\"f:fieldRef\":{}}}},\"f:image\":{},\"f:name\":{},\"f:ports\":{\".\":{},\"k:{\\\"contai"
     "nerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}},\"k:{\\\"containerPort\\\":443,"
     "\\\"pr"
     "otocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}},\"k:{\\\"containerPort\\\":8080,\\\"protocol\\\":"
     "\\\"TCP\\\""
     "}\":{\".\":{},\"f:containerPort\":{}}}}},\"f:nodeSelector\":{},\"f:securityContext\":{}}}}};"},
    {"and stand as they are applied", DEPLOYMENTS, APPLY, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'template':{'spec':{'containers':[{'name':'a"
     "','ports':[{'containerPort':8080,'name':'x'},{'containerPort':443}]}]}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a','ports':[{'containerPort':80},{'containerPort':8"
     "080,'name':'x'},{'containerPort':443}],'env':[{'name':'X','valueFrom':{'fieldRef':{'fieldPath':'"
     "a'}}}]}],'nodeSelector':{'a':'b'},'securityContext':{}}},'strategy':{'type':'RollingUpdate','rol"
     "lingUpdate':{'maxSurge':1}}}}",
     "m1! "
     "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:name\":{}"
     ","
     "\"f:ports\":{\"k:{\\\"containerPort\\\":443,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}},"
     "\"k:{\\\""
     "containerPort\\\":8080,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{},\"f:name\":{}}}}}}}}}; ku"
     "bectl {\"f:spec\":{\"f:selector\":{},\"f:strategy\":{\"f:rollingUpdate\":{\".\":{},\"f:maxSurge\":{}},\"f:typ"
     "e\":{}},\"f:template\":{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}},\"f:spec\":{\"f:containers\":{\"k:"
     "{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:env\":{\".\":{},\"k:{\\\"name\\\":\\\"X\\\"}\":{\".\":{},\"f:name\":{},"
     "\"f:valueFrom\""
     ":{\".\":{},\"f:fieldRef\":{}}}},\"f:image\":{},\"f:name\":{},\"f:ports\":{\".\":{},\"k:{\\\"containerPort\\\":80,"
     "\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}},\"k:{\\\"containerPort\\\":443,"
     "\\\"protocol\\\":\\\"TC"
     "P\\\"}\":{\".\":{},\"f:containerPort\":{}},\"k:{\\\"containerPort\\\":8080,\\\"protocol\\\":\\\"TCP\\\"}\":{\"."
     "\":{},\"f"
     ":containerPort\":{}}}}},\"f:nodeSelector\":{},\"f:securityContext\":{}}}}};"},
    {"a selector is one value", DEPLOYMENTS, APPLY, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'selector':{'matchLabels':{'app':'x','b':'y'"
     "}}}}",
     "Apply failed with 1 conflict: conflict with \"kubectl\" using apps/v1: .spec.selector", NULL},
    {"conflicts in order", DEPLOYMENTS, APPLY, "m5", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'template':{'spec':{'containers':[{'name':'a"
     "','image':'q','env':[{'name':'X','value':'z','valueFrom':{'fieldRef':{'fieldPath':'b'}}}],'ports"
     "':[{'containerPort':8080,'name':'y'},{'containerPort':80,'hostPort':1}]}],'nodeSelector':{'c':'d"
     "'}}}}}",
     "Apply failed with 4 conflicts: conflicts with \"kubectl\" using apps/v1:\n- .spec.template.spec.nod"
     "eSelector\n- .spec.template.spec.containers[name=\"a\"].image\n- .spec.template.spec.containers[name"
     "=\"a\"].env[name=\"X\"].valueFrom.fieldRef\nconflicts with \"m1\":\n- .spec.template.spec.containers[nam"
     "e=\"a\"].ports[containerPort=8080,protocol=\"TCP\"].name",
     NULL},
    {"two ports of one name, as strategic merges make them", DEPLOYMENTS, CREATE, "k", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'selector':{'matchLabels':{'app':'x'}},'temp"
     "late':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'a','image':'img/a','port"
     "s':[{'containerPort':80},{'containerPort':81}]}]}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a','ports':[{'containerPort':80},{'containerPort':8"
     "1}]}]}}}}",
     "k {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}},\"f:spec"
     "\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{},\"f:ports\":{\".\":{}"
     ",\"k:{\\"
     "\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}},\"k:{"
     "\\\"containerPort\\\":8"
     "1,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}}}}}}}}};"},
    {"are owned as one", DEPLOYMENTS, UPDATE, "k2", NULL,
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a','ports':[{'containerPort':80,'name':'x'},{'conta"
     "inerPort':80},{'containerPort':81}]}]}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a','ports':[{'containerPort':80,'name':'x'},{'conta"
     "inerPort':80},{'containerPort':81}]}]}}}}",
     "k {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}},\"f:spec"
     "\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{},\"f:ports\":{\".\":{}"
     ",\"k:{\\"
     "\"containerPort\\\":81,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}}}}}}}}}; k2 "
     "{\"f:spec\":{\""
     "f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\"f:ports\":{\"k:{"
     "\\\"containerPort\\\":80"
     ",\\\"protocol\\\":\\\"TCP\\\"}\":{}}}}}}}};"},
    {"changed as one", DEPLOYMENTS, UPDATE, "k3", NULL,
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a','ports':[{'containerPort':80,'name':'y'},{'conta"
     "inerPort':80},{'containerPort':81}]}]}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a','ports':[{'containerPort':80,'name':'y'},{'conta"
     "inerPort':80},{'containerPort':81}]}]}}}}",
     "k {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}},\"f:spec"
     "\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{},\"f:ports\":{\".\":{}"
     ",\"k:{\\"
     "\"containerPort\\\":81,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}}}}}}}}}; k3 "
     "{\"f:spec\":{\""
     "f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\"f:ports\":{\"k:{"
     "\\\"containerPort\\\":80"
     ",\\\"protocol\\\":\\\"TCP\\\"}\":{}}}}}}}};"},
    {"and not merged", DEPLOYMENTS, APPLY | FORCE, "m1", NULL,
     "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'template':{'spec':{'containers':[{'name':'a"
     "','ports':[{'containerPort':80,'name':'z'}]}]}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a','ports':[{'containerPort':80,'name':'z'},{'conta"
     "inerPort':81}]}]}}}}",
     "m1! "
     "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:name\":{}"
     ","
     "\"f:ports\":{\"k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{},\"f:"
     "name\""
     ":{}}}}}}}}}; k {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\""
     ":{}}},\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{},\"f:"
     "ports\":"
     "{\".\":{},\"k:{\\\"containerPort\\\":81,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}}}}}}}}}"
     ";"},
    {"until there is one", DEPLOYMENTS, UPDATE, "k4", NULL,
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a','ports':[{'containerPort':80,'name':'w'}]}]}}}}",
     "{'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'s"
     "pec':{'containers':[{'name':'a','image':'img/a','ports':[{'containerPort':80,'name':'w'}]}]}}}}",
     "m1! "
     "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:name\":{}"
     ","
     "\"f:ports\":{\"k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:containerPort\":{}}}}}}}"
     "}};"
     " k {\"f:spec\":{\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}},\"f:spe"
     "c\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:name\":{},\"f:ports\":{}}}}}}}"
     "; k4"
     " {\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\"f:ports\":{\"k:{"
     "\\\"conta"
     "inerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\"f:name\":{}}}}}}}}};"},
    {"a Service", SERVICES, APPLY | NEW, "m1", NULL,
     "{'apiVersion':'v1','kind':'Service','spec':{'selector':{'a':'b'},'ports':[{'name':'http','port':"
     "80,'targetPort':8080}]}}",
     "{'spec':{'selector':{'a':'b'},'ports':[{'name':'http','port':80,'targetPort':8080}]}}",
     "m1! "
     "{\"f:spec\":{\"f:ports\":{\"k:{\\\"port\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:name\":{},\"f:"
     "port\":{}"
     ",\"f:targetPort\":{}}},\"f:selector\":{}}};"},
    {"with another port before", SERVICES, APPLY, "m1", NULL,
     "{'apiVersion':'v1','kind':'Service','spec':{'selector':{'a':'b'},'ports':[{'name':'grpc','port':"
     "81},{'name':'http','port':80,'targetPort':8080}]}}",
     "{'spec':{'selector':{'a':'b'},'ports':[{'name':'grpc','port':81},{'name':'http','port':80,'targe"
     "tPort':8080}]}}",
     "m1! "
     "{\"f:spec\":{\"f:ports\":{\"k:{\\\"port\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:name\":{},\"f:"
     "port\":{}"
     ",\"f:targetPort\":{}},\"k:{\\\"port\\\":81,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:name\":{},\"f:port\":{}}"
     "},\"f:"
     "selector\":{}}};"},
    {"with a port less", SERVICES, APPLY, "m1", NULL,
     "{'apiVersion':'v1','kind':'Service','spec':{'selector':{'a':'b','c':'d'},'ports':[{'name':'grpc'"
     ",'port':81}]}}",
     "{'spec':{'selector':{'a':'b','c':'d'},'ports':[{'name':'grpc','port':81}]}}",
     "m1! "
     "{\"f:spec\":{\"f:ports\":{\"k:{\\\"port\\\":81,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:name\":{},\"f:"
     "port\":{}"
     "}},\"f:selector\":{}}};"},
    {"a ConfigMap", CONFIGMAPS, APPLY | NEW, "m1", NULL,
     "{'apiVersion':'v1','kind':'ConfigMap','data':{'a':'1','b':'2'}}", "{'data':{'a':'1','b':'2'}}",
     "m1! {\"f:data\":{\"f:a\":{},\"f:b\":{}}};"},
    {"that two share", CONFIGMAPS, APPLY, "m2", NULL, "{'apiVersion':'v1','kind':'ConfigMap','data':{'b':'2','c':'3'}}",
     "{'data':{'a':'1','b':'2','c':'3'}}",
     "m1! {\"f:data\":{\"f:a\":{},\"f:b\":{}}}; m2! {\"f:data\":{\"f:b\":{},\"f:c\":{}}};"},
    {"what is shared stays", CONFIGMAPS, APPLY, "m1", NULL, "{'apiVersion':'v1','kind':'ConfigMap','data':{'a':'1'}}",
     "{'data':{'a':'1','b':'2','c':'3'}}", "m1! {\"f:data\":{\"f:a\":{}}}; m2! {\"f:data\":{\"f:b\":{},\"f:c\":{}}};"},
    {"an empty map is owned", CONFIGMAPS, APPLY, "m1", NULL, "{'apiVersion':'v1','kind':'ConfigMap','data':{}}",
     "{'data':{'b':'2','c':'3'}}", "m1! {\"f:data\":{}}; m2! {\"f:data\":{\"f:b\":{},\"f:c\":{}}};"},
    {"and stays so, without a value", CONFIGMAPS, APPLY, "m2", NULL, "{'apiVersion':'v1','kind':'ConfigMap'}", "{}",
     "m1! {\"f:data\":{}};"},
    {"a custom kind", THINGS, APPLY | NEW, "m1", NULL,
     "{'apiVersion':'h6.dev/v1','kind':'Thing','spec':{'string':'abc','inner':{'x':{'z':'1'},'y':'2'},"
     "'labels':{'a':'1'},'free':{'p':{'q':[1,2]}},'list':[{'name':'a'}],'set':['a','b'],'map':[{'name'"
     ":'a','value':1},{'name':'b','value':2}]}}",
     "{'spec':{'string':'abc','inner':{'x':{'z':'1'},'y':'2'},'labels':{'a':'1'},'free':{'p':{'q':[1,2"
     "]}},'list':[{'name':'a'}],'set':['a','b'],'map':[{'name':'a','value':1},{'name':'b','value':2}]}"
     "}",
     "m1! "
     "{\"f:spec\":{\"f:free\":{\"f:p\":{\".\":{},\"f:q\":{}}},\"f:inner\":{\"f:x\":{\"f:z\":{}},\"f:y\":{}},\"f:label"
     "s\":{\"f:a\":{}},\"f:list\":{},\"f:map\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}},"
     "\"k:{\\\""
     "name\\\":\\\"b\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}}},\"f:set\":{\"v:\\\"a\\\"\":{},\"v:\\\"b\\\"\":{}},"
     "\"f:string\""
     ":{}}};"},
    {"by its schema", THINGS, APPLY, "m1", NULL,
     "{'apiVersion':'h6.dev/v1','kind':'Thing','spec':{'string':'abc','inner':{'x':{'z':'1'},'y':'2'},"
     "'free':{'p':{'r':1}},'list':[{'name':'b'}],'set':['b','c'],'map':[{'name':'b','value':2},{'name'"
     ":'c','value':3}]}}",
     "{'spec':{'string':'abc','inner':{'x':{'z':'1'},'y':'2'},'free':{'p':{'r':1}},'list':[{'name':'b'"
     "}],'set':['b','c'],'map':[{'name':'b','value':2},{'name':'c','value':3}]}}",
     "m1! "
     "{\"f:spec\":{\"f:free\":{\"f:p\":{\".\":{},\"f:r\":{}}},\"f:inner\":{\"f:x\":{\"f:z\":{}},\"f:y\":{}},\"f:list\""
     ":{},\"f:map\":{\"k:{\\\"name\\\":\\\"b\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}},\"k:{\\\"name\\\":"
     "\\\"c\\\"}\":{\".\":{}"
     ",\"f:name\":{},\"f:value\":{}}},\"f:set\":{\"v:\\\"b\\\"\":{},\"v:\\\"c\\\"\":{}},\"f:string\":{}}};"},
    {"with its conflicts", THINGS, APPLY, "m2", NULL,
     "{'apiVersion':'h6.dev/v1','kind':'Thing','spec':{'string':'abd','map':[{'name':'b','value':9}],'"
     "labels':{'x':'y'}}}",
     "Apply failed with 2 conflicts: conflicts with \"m1\":\n- .spec.string\n- .spec.map[name=\"b\"].value", NULL},
    {"an element without its key", THINGS, APPLY, "m2", NULL,
     "{'apiVersion':'h6.dev/v1','kind':'Thing','metadata':{'name':'x'},'spec':{'map':[{'value':1}]}}",
     "failed to create typed patch object (/x; h6.dev/v1, Kind=Thing): .spec.map: element 0: associati"
     "ve list with keys has an element that omits all key fields [\"name\"] (and doesn't have default va"
     "lues for any key fields)",
     NULL},
    {"and with what two share", THINGS, APPLY, "m2", NULL,
     "{'apiVersion':'h6.dev/v1','kind':'Thing','spec':{'map':[{'name':'b'},{'name':'z','value':9}],'fr"
     "ee':{'s':{}}}}",
     "{'spec':{'string':'abc','inner':{'x':{'z':'1'},'y':'2'},'free':{'p':{'r':1},'s':{}},'list':[{'na"
     "me':'b'}],'set':['b','c'],'map':[{'name':'b','value':2},{'name':'c','value':3},{'name':'z','valu"
     "e':9}]}}",
     "m1! "
     "{\"f:spec\":{\"f:free\":{\"f:p\":{\".\":{},\"f:r\":{}}},\"f:inner\":{\"f:x\":{\"f:z\":{}},\"f:y\":{}},\"f:list\""
     ":{},\"f:map\":{\"k:{\\\"name\\\":\\\"b\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}},\"k:{\\\"name\\\":"
     "\\\"c\\\"}\":{\".\":{}"
     ",\"f:name\":{},\"f:value\":{}}},\"f:set\":{\"v:\\\"b\\\"\":{},\"v:\\\"c\\\"\":{}},\"f:string\":{}}}; m2! "
     "{\"f:spec\":{"
     "\"f:free\":{\"f:s\":{}},\"f:map\":{\"k:{\\\"name\\\":\\\"b\\\"}\":{\".\":{},\"f:name\":{}},\"k:{\\\"name\\\":"
     "\\\"z\\\"}\":{\".\""
     ":{},\"f:name\":{},\"f:value\":{}}}}};"},
    {"smaller", THINGS, APPLY, "m1", NULL,
     "{'apiVersion':'h6.dev/v1','kind':'Thing','spec':{'inner':{'x':{'z':'1'}},'map':[]}}",
     "{'spec':{'inner':{'x':{'z':'1'}},'free':{'s':{}},'map':[{'name':'b'},{'name':'z','value':9}]}}",
     "m1! {\"f:spec\":{\"f:inner\":{\"f:x\":{\"f:z\":{}}}}}; m2! "
     "{\"f:spec\":{\"f:free\":{\"f:s\":{}},\"f:map\":{\"k:{\\"
     "\"name\\\":\\\"b\\\"}\":{\".\":{},\"f:name\":{}},\"k:{\\\"name\\\":\\\"z\\\"}\":{\".\":{},\"f:name\":{},\"f:"
     "value\":{}}}}};"},
    {"a custom object created", THINGS, CREATE, "k", NULL,
     "{'apiVersion':'h6.dev/v1','kind':'Thing','spec':{'string':'abc','inner':{'x':{'z':'1'},'y':'2'},"
     "'labels':{'a':'1'},'free':{'p':{'q':[1,2]}},'list':[{'name':'a'}],'set':['a','b'],'map':[{'name'"
     ":'a','value':1},{'name':'b','value':2}]}}",
     "{'spec':{'string':'abc','inner':{'x':{'z':'1'},'y':'2'},'labels':{'a':'1'},'free':{'p':{'q':[1,2"
     "]}},'list':[{'name':'a'}],'set':['a','b'],'map':[{'name':'a','value':1},{'name':'b','value':2}]}"
     "}",
     "k "
     "{\"f:spec\":{\".\":{},\"f:free\":{\".\":{},\"f:p\":{\".\":{},\"f:q\":{}}},\"f:inner\":{\".\":{},\"f:x\":{\".\":{}"
     ",\"f"
     ":z\":{}},\"f:y\":{}},\"f:labels\":{\".\":{},\"f:a\":{}},\"f:list\":{},\"f:map\":{\".\":{},\"k:{\\\"name\\\":"
     "\\\"a\\\"}\":"
     "{\".\":{},\"f:name\":{},\"f:value\":{}},\"k:{\\\"name\\\":\\\"b\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}}},"
     "\"f:set"
     "\":{\".\":{},\"v:\\\"a\\\"\":{},\"v:\\\"b\\\"\":{}},\"f:string\":{}}};"},
    {"and its status", THINGS, UPDATE, "ctl", "status", "{'status':{'phase':'A'},'metadata':{'labels':{'not':'mine'}}}",
     "{'spec':{'string':'abc','inner':{'x':{'z':'1'},'y':'2'},'labels':{'a':'1'},'free':{'p':{'q':[1,2"
     "]}},'list':[{'name':'a'}],'set':['a','b'],'map':[{'name':'a','value':1},{'name':'b','value':2}]}"
     ",'metadata':{'labels':{'not':'mine'}},'status':{'phase':'A'}}",
     "ctl/status {\"f:status\":{\".\":{},\"f:phase\":{}}}; k "
     "{\"f:spec\":{\".\":{},\"f:free\":{\".\":{},\"f:p\":{\".\":{"
     "},\"f:q\":{}}},\"f:inner\":{\".\":{},\"f:x\":{\".\":{},\"f:z\":{}},\"f:y\":{}},\"f:labels\":{\".\":{},\"f:a\":{}}"
     ",\"f"
     ":list\":{},\"f:map\":{\".\":{},\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}},\"k:{"
     "\\\"name\\\":\\\""
     "b\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}}},\"f:set\":{\".\":{},\"v:\\\"a\\\"\":{},\"v:\\\"b\\\"\":{}},\"f:"
     "string\":{"
     "}}};"},
    {"and less of it", THINGS, UPDATE, "k2", NULL, "{'spec':{'free':{'n':{'m':{}}},'labels':null}}",
     "{'spec':{'string':'abc','inner':{'x':{'z':'1'},'y':'2'},'free':{'p':{'q':[1,2]},'n':{'m':{}}},'l"
     "ist':[{'name':'a'}],'set':['a','b'],'map':[{'name':'a','value':1},{'name':'b','value':2}]},'meta"
     "data':{'labels':{'not':'mine'}},'status':{'phase':'A'}}",
     "ctl/status {\"f:status\":{\".\":{},\"f:phase\":{}}}; k "
     "{\"f:spec\":{\".\":{},\"f:free\":{\".\":{},\"f:p\":{\".\":{"
     "},\"f:q\":{}}},\"f:inner\":{\".\":{},\"f:x\":{\".\":{},\"f:z\":{}},\"f:y\":{}},\"f:list\":{},\"f:map\":{\".\":{},"
     "\"k:"
     "{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}},\"k:{\\\"name\\\":\\\"b\\\"}\":{\".\":{},\"f:"
     "name\":{},\"f:"
     "value\":{}}},\"f:set\":{\".\":{},\"v:\\\"a\\\"\":{},\"v:\\\"b\\\"\":{}},\"f:string\":{}}}; k2 "
     "{\"f:spec\":{\"f:free\":{"
     "\"f:n\":{\".\":{},\"f:m\":{}}}}};"},
    {"something nobody knows the shape of", THINGS, APPLY | NEW, "m1", NULL,
     "{'apiVersion':'h6.dev/v1','kind':'Thing','spec':{'free':{'q':{'x':1}}}}", "{'spec':{'free':{'q':{'x':1}}}}",
     "m1! {\"f:spec\":{\"f:free\":{\"f:q\":{\".\":{},\"f:x\":{}}}}};"},
    {"empty for another", THINGS, APPLY, "m2", NULL,
     "{'apiVersion':'h6.dev/v1','kind':'Thing','spec':{'free':{'q':{}}}}", "{'spec':{'free':{'q':{'x':1}}}}",
     "m1! {\"f:spec\":{\"f:free\":{\"f:q\":{\".\":{},\"f:x\":{}}}}}; m2! {\"f:spec\":{\"f:free\":{\"f:q\":{}}}};"},
    {"is null when emptied", THINGS, APPLY, "m1", NULL, "{'apiVersion':'h6.dev/v1','kind':'Thing','spec':{}}",
     "{'spec':{'free':{'q':null}}}", "m1! {\"f:spec\":{}}; m2! {\"f:spec\":{\"f:free\":{\"f:q\":{}}}};"},
};
