#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sim/kinds/type.h"

static struct doc *parse(const char *text)
{
    struct err err;
    struct doc *doc = doc_parse(text, strlen(text), &err);
    assert_non_null(doc);
    return doc;
}

static void expect(const char *type, const char *text, const char *wanted)
{
    struct err err;
    struct doc *doc = parse(text), *converted = type_convert(type_find(type), doc_root(doc), NULL, &err);
    assert_non_null(converted);
    char *written = node_to_text(doc_root(converted));
    assert_string_equal(written, wanted);
    mem_free(written);
    doc_free(converted);
    doc_free(doc);
}

static void objects_look_as_go_writes_them(void **state)
{
    expect("ConfigMap",
           "{\"data\":{},\"metadata\":{\"name\":\"a\",\"labels\":null},\"extra\":1,\"kind\":\"ConfigMap\"}",
           "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}");
    expect("ServicePort", "{\"port\":80,\"name\":\"\"}", "{\"port\":80,\"targetPort\":0}");
    expect("DeploymentSpec",
           "{\"replicas\":0,\"paused\":false,\"minReadySeconds\":0,\"template\":{\"spec\":{}},\"selector\":null}",
           "{\"replicas\":0,\"template\":{\"metadata\":{},\"spec\":{\"containers\":null}},"
           "\"strategy\":{}}");
    expect("ResourceRequirements", "{\"limits\":{\"cpu\":1}}", "{\"limits\":{\"cpu\":\"1\"}}");
    expect("PodSpec", "{\"containers\":[],\"overhead\":{\"cpu\":\"0.0005\",\"memory\":null}}",
           "{\"containers\":[],\"overhead\":{\"cpu\":\"1m\",\"memory\":\"0\"}}");
    expect("EmptyDirVolumeSource", "{\"sizeLimit\":\"1024Mi\"}", "{\"sizeLimit\":\"1Gi\"}");
    expect("MetricTarget", "{\"type\":\"Value\",\"value\":\"0.0005\",\"averageValue\":1500}",
           "{\"type\":\"Value\",\"value\":\"500u\",\"averageValue\":\"1500\"}");
    expect("ResourceFieldSelector", "{\"resource\":\"limits.cpu\"}", "{\"resource\":\"limits.cpu\",\"divisor\":\"0\"}");
    expect("ResourceFieldSelector", "{\"resource\":\"limits.cpu\",\"divisor\":\"0.001\"}",
           "{\"resource\":\"limits.cpu\",\"divisor\":\"1m\"}");
    expect("LeaseSpec", "{\"renewTime\":\"2026-01-01T00:00:00.123456Z\"}",
           "{\"renewTime\":\"2026-01-01T00:00:00.123456Z\"}");
}

static void unknown_fields_are_told_with_their_path(void **state)
{
    struct err err;
    struct str_list unknown = {0};
    struct doc *doc = parse("{\"spec\":{\"a\":1,\"template\":{\"spec\":{\"containers\":[{\"b\":2}]}}},\"c\":3}");
    doc_free(type_convert(type_find("Deployment"), doc_root(doc), &unknown, &err));
    assert_int_equal(unknown.count, 3);
    assert_string_equal(unknown.items[0], "unknown field \"c\"");
    assert_string_equal(unknown.items[1], "unknown field \"spec.a\"");
    assert_string_equal(unknown.items[2], "unknown field \"spec.template.spec.containers[0].b\"");
    str_list_fini(&unknown);
    doc_free(doc);
}

static void wrong_types_are_told_as_go_tells_them(void **state)
{
    static const char *const table[][3] = {
        {"Deployment", "{\"spec\":{\"replicas\":\"two\"}}",
         "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"},
        {"ConfigMap", "{\"data\":{\"a\":1}}",
         "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"},
        {"ConfigMap", "{\"metadata\":[]}",
         "json: cannot unmarshal array into Go struct field ConfigMap.metadata of type v1.ObjectMeta"},
        {"Deployment", "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"image\":true}]}}}}",
         "json: cannot unmarshal bool into Go struct field Container.spec.template.spec.containers.image of type "
         "string"},
        {"Secret", "{\"data\":{\"k\":\"%%\"}}", "illegal base64 data at input byte 0"},
        {"Lease", "{\"spec\":{\"renewTime\":\"x\"}}",
         "parsing time \"x\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"x\" as \"2006\""},
        {"ResourceRequirements", "{\"limits\":{\"cpu\":\"one\"}}",
         "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
        {"ResourceRequirements", "{\"limits\":{\"cpu\":true,\"memory\":{}}}",
         "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
        {"EmptyDirVolumeSource", "{\"sizeLimit\":\"1K\"}", "unable to parse quantity's suffix"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct err err;
        struct doc *doc = parse(table[i][1]);
        assert_null(type_convert(type_find(table[i][0]), doc_root(doc), NULL, &err));
        assert_string_equal(err.text, table[i][2]);
        doc_free(doc);
    }
}

static void types_describe_themselves(void **state)
{
    struct doc *doc = doc_new();
    struct node *schemas = node_new_object(doc);
    type_describe(type_find("Deployment"), doc, schemas, "x.");
    assert_string_equal(node_str(node_at(schemas, "x.DeploymentSpec", "properties", "replicas", "type")), "integer");
    assert_string_equal(node_str(node_at(schemas, "x.PodSpec", "properties", "containers", "type")), "array");
    assert_non_null(node_get(schemas, "x.Container"));
    assert_null(type_find("Nothing"));
    doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_look_as_go_writes_them),
        cmocka_unit_test(unknown_fields_are_told_with_their_path),
        cmocka_unit_test(wrong_types_are_told_as_go_tells_them),
        cmocka_unit_test(types_describe_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
