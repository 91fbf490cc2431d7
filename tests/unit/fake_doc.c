#include "fake_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

struct doc *fake_doc(const char *text)
{
    char *json = str_dup(text);
    for (char *c = json; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    struct err err = {0};
    struct doc *doc = doc_parse(json, strlen(json), &err);
    if (doc == NULL) {
        fail_msg("%s: %s", err.text, json);
    }
    mem_free(json);
    return doc;
}

struct doc *fake_doc_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_format_v(format, args);
    va_end(args);
    struct doc *doc = fake_doc(text);
    mem_free(text);
    return doc;
}

void fake_doc_expect(const struct node *n, const char *text)
{
    if (strcmp(text, "absent") == 0) {
        assert_int_equal(node_type(n), NODE_ABSENT);
        return;
    }
    struct doc *want = fake_doc(text);
    if (!node_equal(n, doc_root(want))) {
        char *got = n == NULL ? str_dup("absent") : node_to_text(n), *wanted = node_to_text(doc_root(want));
        fail_msg("\n   got %s\nwanted %s", got, wanted);
    }
    doc_free(want);
}

void fake_doc_merge(struct doc *doc, struct node *target, const struct node *patch)
{
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        if (node_type(it.value) == NODE_NULL) {
            node_remove(target, it.key);
        } else if (node_type(it.value) != NODE_OBJECT) {
            node_set(doc, target, it.key, node_copy(doc, it.value));
        } else {
            if (node_type(node_get(target, it.key)) != NODE_OBJECT) {
                node_set(doc, target, it.key, node_new_object(doc));
            }
            fake_doc_merge(doc, node_get(target, it.key), it.value);
        }
    }
}
