#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sim/kinds/protobuf.h"

static void a_config_map_is_read(void **state)
{
    /* Unknown{1: {"v1", "ConfigMap"}, 2: ConfigMap{1: ObjectMeta{1: "c"}, 2: {"a": "b"}, 3: {"x": 00 ff}}} */
    static const char bytes[] = "k8s\0"
                                "\x0a\x0f\x0a\x02"
                                "v1\x12\x09"
                                "ConfigMap"
                                "\x12\x16"
                                "\x0a\x03\x0a\x01"
                                "c"
                                "\x12\x06\x0a\x01"
                                "a\x12\x01"
                                "b"
                                "\x1a\x07\x0a\x01"
                                "x\x12\x02\x00\xff";
    struct err err;
    struct doc *doc = protobuf_read(bytes, sizeof bytes - 1, &err);
    assert_non_null(doc);
    char *text = node_to_text(doc_root(doc));
    assert_string_equal(
        text, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\"},\"data\":{\"a\":\"b\"},"
              "\"binaryData\":{\"x\":\"AP8=\"}}");
    mem_free(text);
    doc_free(doc);
}

static void what_is_embedded_in_go_stands_beside_in_json(void **state)
{
    /* Pod{2: PodSpec{1: Volume{1: "v", 2: VolumeSource{19: {1: {1: "m"}}}}}} */
    static const char bytes[] = "k8s\0"
                                "\x0a\x09\x0a\x02"
                                "v1\x12\x03"
                                "Pod"
                                "\x12\x11\x12\x0f\x0a\x0d\x0a\x01"
                                "v\x12\x08\x9a\x01\x05\x0a\x03\x0a\x01"
                                "m";
    struct err err;
    struct doc *doc = protobuf_read(bytes, sizeof bytes - 1, &err);
    assert_non_null(doc);
    const struct node *volume = node_item(node_at(doc_root(doc), "spec", "volumes"), 0);
    assert_string_equal(node_str(node_get(volume, "name")), "v");
    assert_string_equal(node_str(node_at(volume, "configMap", "name")), "m");
    doc_free(doc);
}

static void what_is_no_object_is_refused(void **state)
{
    struct err err;
    static const char unknown[] = "k8s\0\x0a\x09\x0a\x02v1\x12\x03Pox";
    static const char cut[] = "k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x02\x12\x0f";
    assert_null(protobuf_read("{}", 2, &err));
    assert_string_equal(err.text, "provided data does not appear to be a protobuf message");
    assert_null(protobuf_read(unknown, sizeof unknown - 1, &err));
    assert_null(protobuf_read(cut, sizeof cut - 1, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_config_map_is_read),
        cmocka_unit_test(what_is_embedded_in_go_stands_beside_in_json),
        cmocka_unit_test(what_is_no_object_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
