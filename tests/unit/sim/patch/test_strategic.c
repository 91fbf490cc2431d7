#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "fake_doc.h"
#include "sim/kinds/kinds.h"
#include "sim/patch/patch.h"

/* Each of these was asked of an API server (v1.36.3), whose object afterwards was that of this patch (defaults
 * apart). */
static const char DEPLOYMENT[] =
    "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'st','labels':{'a':'1','b':'2'},'fina"
    "lizers':['h6.dev/a','h6.dev/b','h6.dev/c']},'spec':{'replicas':1,'selector':{'matchLabels':{'app':'x"
    "'}},'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1}},'template':{'metadata':{'labe"
    "ls':{'app':'x'}},'spec':{'containers':[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},"
    "{'name':'E2','value':'2'},{'name':'E3','value':'3'}],'ports':[{'containerPort':80},{'containerPort':"
    "81,'protocol':'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'"
    "name':'b','image':'img/b'},{'name':'c','image':'img/c'}],'volumes':[{'name':'v','emptyDir':{}},{'nam"
    "e':'w','configMap':{'name':'cm'}}],'tolerations':[{'key':'k','operator':'Exists'}],'imagePullSecrets"
    "':[{'name':'s1'},{'name':'s2'}],'hostAliases':[{'ip':'1.1.1.1','hostnames':['h']}],'nodeSelector':{'"
    "x':'1'},'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'zone','whenUnsatisfiable':'DoNotSch"
    "edule','labelSelector':{'matchLabels':{'app':'x'}}}]}}}}";

static const char SERVICE[] =
    "{'apiVersion':'v1','kind':'Service','metadata':{'name':'st'},'spec':{'selector':{'app':'x'},'ports':"
    "[{'name':'http','port':80,'targetPort':8080},{'name':'grpc','port':81}]}}";

static const struct {
    const char *name, *object, *patch, *path, *want; /* path: to what is looked at, NULL: refused with `want` */
    int code;
} cases[] = {
    {"a container changes", DEPLOYMENT, "{'spec':{'template':{'spec':{'containers':[{'name':'b','image':'new'}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3'"
     ",'value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol':'UDP','name':'u'}],'args"
     "':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'name':'b','image':'new'},{'name':'c','"
     "image':'img/c'}]",
     200},
    {"a container comes", DEPLOYMENT, "{'spec':{'template':{'spec':{'containers':[{'name':'d','image':'new'}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'d','image':'new'},{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2"
     "','value':'2'},{'name':'E3','value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protoco"
     "l':'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'name':'b','"
     "image':'img/b'},{'name':'c','image':'img/c'}]",
     200},
    {"a container goes", DEPLOYMENT, "{'spec':{'template':{'spec':{'containers':[{'name':'b','$patch':'delete'}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3'"
     ",'value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol':'UDP','name':'u'}],'args"
     "':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'name':'c','image':'img/c'}]",
     200},
    {"all containers are replaced", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'containers':[{'$patch':'replace'},{'name':'d','image':'new'}]}}}}",
     "spec/template/spec/containers", "[{'name':'d','image':'new'}]", 200},
    {"two come and one changes", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'containers':[{'name':'z','image':'z'},{'name':'b','image':'new'},{'nam"
     "e':'y','image':'y'}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'z','image':'z'},{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2',"
     "'value':'2'},{'name':'E3','value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol'"
     ":'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'name':'b','im"
     "age':'new'},{'name':'y','image':'y'},{'name':'c','image':'img/c'}]",
     200},
    {"containers in another order", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'c2'},{'name':'a','image':'a2'}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'b','image':'img/b'},{'name':'c','image':'c2'},{'name':'a','image':'a2','env':[{'name':'E1'"
     ",'value':'1'},{'name':'E2','value':'2'},{'name':'E3','value':'3'}],'ports':[{'containerPort':80},{'c"
     "ontainerPort':81,'protocol':'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPa"
     "th':'/v'}]}]",
     200},
    {"an order alone", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'$setElementOrder/containers':[{'name':'c'},{'name':'b'},{'name':'a'}]}"
     "}}}",
     "spec/template/spec/containers",
     "[{'name':'c','image':'img/c'},{'name':'b','image':'img/b'},{'name':'a','image':'img/a','env':[{'name"
     "':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3','value':'3'}],'ports':[{'containerPort':8"
     "0},{'containerPort':81,'protocol':'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','m"
     "ountPath':'/v'}]}]",
     200},
    {"an order of some", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'$setElementOrder/containers':[{'name':'c'},{'name':'a'}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'b','image':'img/b'},{'name':'c','image':'img/c'},{'name':'a','image':'img/a','env':[{'name"
     "':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3','value':'3'}],'ports':[{'containerPort':8"
     "0},{'containerPort':81,'protocol':'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','m"
     "ountPath':'/v'}]}]",
     200},
    {"an order and a change", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'$setElementOrder/containers':[{'name':'c'},{'name':'d'},{'name':'a'}],"
     "'containers':[{'name':'d','image':'d'},{'name':'a','image':'new'}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'b','image':'img/b'},{'name':'c','image':'img/c'},{'name':'d','image':'d'},{'name':'a','ima"
     "ge':'new','env':[{'name':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3','value':'3'}],'por"
     "ts':[{'containerPort':80},{'containerPort':81,'protocol':'UDP','name':'u'}],'args':['x','y'],'volume"
     "Mounts':[{'name':'v','mountPath':'/v'}]}]",
     200},
    {"an order and a deletion", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'$setElementOrder/containers':[{'name':'c'},{'name':'a'}],'containers':"
     "[{'name':'b','$patch':'delete'}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'c','image':'img/c'},{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'"
     "E2','value':'2'},{'name':'E3','value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'proto"
     "col':'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]}]",
     200},
    {"an order that does not fit", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'$setElementOrder/containers':[{'name':'c'},{'name':'a'}],'containers':"
     "[{'name':'a','image':'x'},{'name':'c','image':'new'}]}}}}",
     NULL,
     "The order in patch list:\n[map[image:x name:a] map[image:new name:c]]\n doesn't match $setElementOrder"
     " list:\n[map[name:c] map[name:a]]\n",
     500},
    {"no name", DEPLOYMENT, "{'spec':{'template':{'spec':{'containers':[{'image':'new'}]}}}}", NULL,
     "map: map[image:new] does not contain declared merge key: name", 500},
    {"a deletion without a name", DEPLOYMENT, "{'spec':{'template':{'spec':{'containers':[{'$patch':'delete'}]}}}}",
     NULL, "map: map[$patch:delete] does not contain declared merge key: name", 500},
    {"an unknown directive", DEPLOYMENT, "{'spec':{'template':{'spec':{'containers':[{'name':'a','$patch':'frob'}]}}}}",
     NULL, "unknown patch type: frob in map: map[$patch:frob name:a]", 500},
    {"an unknown directive in an object", DEPLOYMENT, "{'spec':{'strategy':{'$patch':'frob'}}}", NULL,
     "unknown patch type: frob in map: map[$patch:frob]", 500},
    {"env changes, comes and goes", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'containers':[{'name':'a','env':[{'name':'E2','value':'9'},{'name':'E1'"
     ",'$patch':'delete'},{'name':'E0','value':'0'}]}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E2','value':'9'},{'name':'E0','value':'0'},{'name':'E3'"
     ",'value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol':'UDP','name':'u'}],'args"
     "':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'name':'b','image':'img/b'},{'name':'c'"
     ",'image':'img/c'}]",
     200},
    {"env with its order", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'containers':[{'name':'a','$setElementOrder/env':[{'name':'E3'},{'name'"
     ":'E1'}],'env':[{'name':'E3','value':'x'}]}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E2','value':'2'},{'name':'E3','value':'x'},{'name':'E1'"
     ",'value':'1'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol':'UDP','name':'u'}],'args"
     "':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'name':'b','image':'img/b'},{'name':'c'"
     ",'image':'img/c'}]",
     200},
    {"a value becomes a source", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'containers':[{'name':'a','env':[{'name':'E2','value':null,'valueFrom':"
     "{'fieldRef':{'fieldPath':'metadata.name'}}}]}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2','valueFrom':{'fieldRef':{"
     "'fieldPath':'metadata.name'}}},{'name':'E3','value':'3'}],'ports':[{'containerPort':80},{'containerP"
     "ort':81,'protocol':'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}"
     "]},{'name':'b','image':'img/b'},{'name':'c','image':'img/c'}]",
     200},
    {"args are replaced", DEPLOYMENT, "{'spec':{'template':{'spec':{'containers':[{'name':'a','args':['z']}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3'"
     ",'value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol':'UDP','name':'u'}],'args"
     "':['z'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'name':'b','image':'img/b'},{'name':'c','im"
     "age':'img/c'}]",
     200},
    {"args go", DEPLOYMENT, "{'spec':{'template':{'spec':{'containers':[{'name':'a','args':null}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3'"
     ",'value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol':'UDP','name':'u'}],'volu"
     "meMounts':[{'name':'v','mountPath':'/v'}]},{'name':'b','image':'img/b'},{'name':'c','image':'img/c'}"
     "]",
     200},
    {"ports by number", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'containers':[{'name':'a','ports':[{'containerPort':81,'name':'uu'},{'c"
     "ontainerPort':82}]}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3'"
     ",'value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol':'UDP','name':'uu'},{'con"
     "tainerPort':82}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'name':'b','image"
     "':'img/b'},{'name':'c','image':'img/c'}]",
     200},
    {"volumeMounts by path", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'containers':[{'name':'a','volumeMounts':[{'mountPath':'/w','name':'w'}"
     "]}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3'"
     ",'value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol':'UDP','name':'u'}],'args"
     "':['x','y'],'volumeMounts':[{'mountPath':'/w','name':'w'},{'name':'v','mountPath':'/v'}]},{'name':'b"
     "','image':'img/b'},{'name':'c','image':'img/c'}]",
     200},
    {"a volume of another kind", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'volumes':[{'name':'w','$retainKeys':['name','emptyDir'],'emptyDir':{}}"
     "]}}}}",
     "spec/template/spec/volumes", "[{'name':'v','emptyDir':{}},{'name':'w','emptyDir':{}}]", 200},
    {"keys that are not retained", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'volumes':[{'name':'w','$retainKeys':['name'],'emptyDir':{}}]}}}}", NULL,
     "invalid patch format of retainKeys", 400},
    {"keys that are no list", DEPLOYMENT, "{'spec':{'template':{'spec':{'volumes':[{'name':'w','$retainKeys':'x'}]}}}}",
     NULL, "invalid patch format of retainKeys", 400},
    {"another strategy", DEPLOYMENT, "{'spec':{'strategy':{'$retainKeys':['type'],'type':'Recreate'}}}",
     "spec/strategy", "{'type':'Recreate'}", 200},
    {"a strategy replaced", DEPLOYMENT, "{'spec':{'strategy':{'$patch':'replace','type':'Recreate'}}}", "spec/strategy",
     "{'type':'Recreate'}", 200},
    {"tolerations are replaced", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'tolerations':[{'key':'l','operator':'Exists'}]}}}}",
     "spec/template/spec/tolerations", "[{'key':'l','operator':'Exists'}]", 200},
    {"imagePullSecrets", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'imagePullSecrets':[{'name':'s3'},{'name':'s1','$patch':'delete'}]}}}}",
     "spec/template/spec/imagePullSecrets", "[{'name':'s3'},{'name':'s2'}]", 200},
    {"hostAliases", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'hostAliases':[{'ip':'2.2.2.2','hostnames':['i']},{'ip':'1.1.1.1','host"
     "names':['j']}]}}}}",
     "spec/template/spec/hostAliases", "[{'ip':'2.2.2.2','hostnames':['i']},{'ip':'1.1.1.1','hostnames':['j']}]", 200},
    {"spread", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'topologySpreadConstraints':[{'topologyKey':'zone','whenUnsatisfiable':"
     "'DoNotSchedule','maxSkew':2}]}}}}",
     "spec/template/spec/topologySpreadConstraints",
     "[{'maxSkew':2,'topologyKey':'zone','whenUnsatisfiable':'DoNotSchedule','labelSelector':{'matchLabels"
     "':{'app':'x'}}}]",
     200},
    {"nodeSelector", DEPLOYMENT, "{'spec':{'template':{'spec':{'nodeSelector':{'x':null,'y':'2'}}}}}",
     "spec/template/spec/nodeSelector", "{'y':'2'}", 200},
    {"nodeSelector emptied", DEPLOYMENT, "{'spec':{'template':{'spec':{'nodeSelector':{'$patch':'delete'}}}}}",
     "spec/template/spec/nodeSelector", "{}", 200},
    {"nodeSelector replaced", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'nodeSelector':{'$patch':'replace','z':'1'}}}}}", "spec/template/spec/nodeSelector",
     "{'z':'1'}", 200},
    {"labels", DEPLOYMENT, "{'metadata':{'labels':{'a':null,'c':'3'}}}", "metadata/labels", "{'b':'2','c':'3'}", 200},
    {"a finalizer comes", DEPLOYMENT, "{'metadata':{'finalizers':['h6.dev/d']}}", "metadata/finalizers",
     "['h6.dev/d','h6.dev/a','h6.dev/b','h6.dev/c']", 200},
    {"a finalizer that is there", DEPLOYMENT, "{'metadata':{'finalizers':['h6.dev/c','h6.dev/a']}}",
     "metadata/finalizers", "['h6.dev/b','h6.dev/c','h6.dev/a']", 200},
    {"a finalizer goes", DEPLOYMENT, "{'metadata':{'$deleteFromPrimitiveList/finalizers':['h6.dev/b']}}",
     "metadata/finalizers", "['h6.dev/a','h6.dev/c']", 200},
    {"finalizers in order", DEPLOYMENT,
     "{'metadata':{'$setElementOrder/finalizers':['h6.dev/c','h6.dev/x','h6.dev/a'],'finalizers':['h6.dev/"
     "x'],'$deleteFromPrimitiveList/finalizers':['h6.dev/b']}}",
     "metadata/finalizers", "['h6.dev/c','h6.dev/x','h6.dev/a']", 200},
    {"finalizers all go", DEPLOYMENT, "{'metadata':{'finalizers':null}}", "metadata",
     "{'name':'st','labels':{'a':'1','b':'2'}}", 200},
    {"finalizers, an empty list", DEPLOYMENT, "{'metadata':{'finalizers':[]}}", "",
     "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'st','labels':{'a':'1','b':'2'},'fina"
     "lizers':['h6.dev/a','h6.dev/b','h6.dev/c']},'spec':{'replicas':1,'selector':{'matchLabels':{'app':'x"
     "'}},'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1}},'template':{'metadata':{'labe"
     "ls':{'app':'x'}},'spec':{'containers':[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},"
     "{'name':'E2','value':'2'},{'name':'E3','value':'3'}],'ports':[{'containerPort':80},{'containerPort':"
     "81,'protocol':'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'"
     "name':'b','image':'img/b'},{'name':'c','image':'img/c'}],'volumes':[{'name':'v','emptyDir':{}},{'nam"
     "e':'w','configMap':{'name':'cm'}}],'tolerations':[{'key':'k','operator':'Exists'}],'imagePullSecrets"
     "':[{'name':'s1'},{'name':'s2'}],'hostAliases':[{'ip':'1.1.1.1','hostnames':['h']}],'nodeSelector':{'"
     "x':'1'},'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'zone','whenUnsatisfiable':'DoNotSch"
     "edule','labelSelector':{'matchLabels':{'app':'x'}}}]}}}}",
     200},
    {"an owner comes", DEPLOYMENT,
     "{'metadata':{'ownerReferences':[{'apiVersion':'v1','kind':'ConfigMap','name':'x','uid':'1'}]}}", "metadata",
     "{'name':'st','labels':{'a':'1','b':'2'},'finalizers':['h6.dev/a','h6.dev/b','h6.dev/c'],'ownerRefere"
     "nces':[{'apiVersion':'v1','kind':'ConfigMap','name':'x','uid':'1'}]}",
     200},
    {"an order that is no list", DEPLOYMENT, "{'spec':{'template':{'spec':{'$setElementOrder/containers':'x'}}}}", NULL,
     "expected a []interface {}, but received a string", 500},
    {"replicas", DEPLOYMENT, "{'spec':{'replicas':3}}", "spec/replicas", "3", 200},
    {"a null that was never there", DEPLOYMENT, "{'spec':{'paused':null}}", "",
     "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'st','labels':{'a':'1','b':'2'},'fina"
     "lizers':['h6.dev/a','h6.dev/b','h6.dev/c']},'spec':{'replicas':1,'selector':{'matchLabels':{'app':'x"
     "'}},'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1}},'template':{'metadata':{'labe"
     "ls':{'app':'x'}},'spec':{'containers':[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},"
     "{'name':'E2','value':'2'},{'name':'E3','value':'3'}],'ports':[{'containerPort':80},{'containerPort':"
     "81,'protocol':'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'"
     "name':'b','image':'img/b'},{'name':'c','image':'img/c'}],'volumes':[{'name':'v','emptyDir':{}},{'nam"
     "e':'w','configMap':{'name':'cm'}}],'tolerations':[{'key':'k','operator':'Exists'}],'imagePullSecrets"
     "':[{'name':'s1'},{'name':'s2'}],'hostAliases':[{'ip':'1.1.1.1','hostnames':['h']}],'nodeSelector':{'"
     "x':'1'},'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'zone','whenUnsatisfiable':'DoNotSch"
     "edule','labelSelector':{'matchLabels':{'app':'x'}}}]}}}}",
     200},
    {"conditions by type", DEPLOYMENT, "{'status':{'conditions':[{'type':'Foo','status':'True'}]}}", "",
     "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'st','labels':{'a':'1','b':'2'},'fina"
     "lizers':['h6.dev/a','h6.dev/b','h6.dev/c']},'spec':{'replicas':1,'selector':{'matchLabels':{'app':'x"
     "'}},'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1}},'template':{'metadata':{'labe"
     "ls':{'app':'x'}},'spec':{'containers':[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},"
     "{'name':'E2','value':'2'},{'name':'E3','value':'3'}],'ports':[{'containerPort':80},{'containerPort':"
     "81,'protocol':'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'"
     "name':'b','image':'img/b'},{'name':'c','image':'img/c'}],'volumes':[{'name':'v','emptyDir':{}},{'nam"
     "e':'w','configMap':{'name':'cm'}}],'tolerations':[{'key':'k','operator':'Exists'}],'imagePullSecrets"
     "':[{'name':'s1'},{'name':'s2'}],'hostAliases':[{'ip':'1.1.1.1','hostnames':['h']}],'nodeSelector':{'"
     "x':'1'},'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'zone','whenUnsatisfiable':'DoNotSch"
     "edule','labelSelector':{'matchLabels':{'app':'x'}}}]}}},'status':{'conditions':[{'type':'Foo','statu"
     "s':'True'}]}}",
     200},
    {"one takes the room of another", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'$setElementOrder/containers':[{'name':'x'}],'containers':[{'name':'x',"
     "'image':'x'},{'name':'c','$patch':'delete'}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3'"
     ",'value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol':'UDP','name':'u'}],'args"
     "':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'name':'b','image':'img/b'},{'name':'x'"
     ",'image':'x'}]",
     200},
    {"one comes without an order", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'containers':[{'name':'x','image':'x'},{'name':'c','$patch':'delete'}]}"
     "}}}",
     "spec/template/spec/containers",
     "[{'name':'x','image':'x'},{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2',"
     "'value':'2'},{'name':'E3','value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol'"
     ":'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'name':'b','im"
     "age':'img/b'}]",
     200},
    {"two ports of one number", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'containers':[{'name':'a','ports':[{'containerPort':82,'protocol':'UDP'"
     "},{'containerPort':82,'name':'p8'}]}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3'"
     ",'value':'3'}],'ports':[{'containerPort':82,'protocol':'UDP','name':'p8'},{'containerPort':80},{'con"
     "tainerPort':81,'protocol':'UDP','name':'u'}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath"
     "':'/v'}]},{'name':'b','image':'img/b'},{'name':'c','image':'img/c'}]",
     200},
    {"an old port twice", DEPLOYMENT,
     "{'spec':{'template':{'spec':{'containers':[{'name':'a','ports':[{'containerPort':81,'name':'x'},{'co"
     "ntainerPort':81,'hostPort':1}]}]}}}}",
     "spec/template/spec/containers",
     "[{'name':'a','image':'img/a','env':[{'name':'E1','value':'1'},{'name':'E2','value':'2'},{'name':'E3'"
     ",'value':'3'}],'ports':[{'containerPort':80},{'containerPort':81,'protocol':'UDP','name':'x','hostPo"
     "rt':1}],'args':['x','y'],'volumeMounts':[{'name':'v','mountPath':'/v'}]},{'name':'b','image':'img/b'"
     "},{'name':'c','image':'img/c'}]",
     200},
    {"ports by number", SERVICE, "{'spec':{'ports':[{'port':81,'targetPort':9090},{'port':82,'name':'x'}]}}",
     "spec/ports",
     "[{'name':'http','port':80,'targetPort':8080},{'name':'grpc','port':81,'targetPort':9090},{'port':82,"
     "'name':'x'}]",
     200},
    {"a port goes", SERVICE, "{'spec':{'ports':[{'port':81,'$patch':'delete'}]}}", "spec/ports",
     "[{'name':'http','port':80,'targetPort':8080}]", 200},
    {"selector", SERVICE, "{'spec':{'selector':{'v':'1'}}}", "spec/selector", "{'app':'x','v':'1'}", 200},
};

static const struct kind deployments = {.group = "apps", .version = "v1", .name = "Deployment"};
static const struct kind services = {.group = "", .version = "v1", .name = "Service"};
static const struct kind things = {.group = "h6.dev", .version = "v1", .name = "Thing", .is_custom = true};

static const struct node *at_path(const struct node *n, const char *path)
{
    struct str_list keys = {0};
    str_list_split(&keys, path, '/');
    for (size_t i = 0; i < keys.count; i++)
        n = *keys.items[i] == '\0' ? n : node_get(n, keys.items[i]);
    str_list_fini(&keys);
    return n;
}

static void test_objects_are_merged_by_their_kind(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *object = fake_doc(cases[i].object), *patch = fake_doc(cases[i].patch);
        const struct kind *kind = cases[i].object == SERVICE ? &services : &deployments;
        struct err err = {0};
        struct doc *made = patch_strategic(kind, doc_root(object), doc_root(patch), &err);
        if ((made == NULL) != (cases[i].path == NULL))
            fail_msg("%s: %s", cases[i].name, err.text);
        if (made == NULL) {
            assert_string_equal(err.text, cases[i].want);
            assert_int_equal(err.http_status, cases[i].code);
        } else {
            fake_doc_expect(at_path(doc_root(made), cases[i].path), cases[i].want);
        }
        fake_doc_expect(doc_root(object), cases[i].object);
        doc_free(object);
        doc_free(patch);
        doc_free(made);
    }
}

static void test_what_cannot_be_patched_so(void **state)
{
    struct doc *object = fake_doc("{}"), *patch = fake_doc("[]");
    struct err err = {0};
    assert_null(patch_strategic(&deployments, doc_root(object), doc_root(patch), &err));
    assert_string_equal(err.text, "json: cannot unmarshal array into Go value of type map[string]interface {}");
    assert_int_equal(err.http_status, 400);
    assert_null(patch_strategic(&things, doc_root(object), doc_root(object), &err));
    assert_int_equal(err.http_status, 415);
    doc_free(object);
    doc_free(patch);
}

/* A list that was not there comes without the directives in it. */
static void test_new_lists_come_plain(void **state)
{
    struct doc *object = fake_doc("{'spec':{}}");
    struct doc *patch =
        fake_doc("{'spec':{'template':{'spec':{'$setElementOrder/containers':[{'name':'a'}],'containers':"
                 "[{'name':'a','env':null},{'name':'b','$patch':'delete'}]}}}}");
    struct err err = {0};
    struct doc *made = patch_strategic(&deployments, doc_root(object), doc_root(patch), &err);
    fake_doc_expect(doc_root(made), "{'spec':{'template':{'spec':{'containers':[{'name':'a'}]}}}}");
    doc_free(made);
    doc_free(object);
    doc_free(patch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_are_merged_by_their_kind),
        cmocka_unit_test(test_what_cannot_be_patched_so),
        cmocka_unit_test(test_new_lists_come_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
