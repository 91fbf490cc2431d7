// room: base
/* JSON from anywhere: whatever is accepted must survive writing, reading, copying and sorting unchanged. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUTPUT_SIZE_MAX = 64 * 1024 * 1024 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Every reading function once on every node. */
static size_t walk(const struct node *n)
{
    int64_t i;
    double d;
    size_t sum = (size_t)node_type(n) + node_int(n, &i) + node_real(n, &d) + node_bool_or(n, false) + node_is(n, "x");
    struct node_iter it = node_iterate(n);
    size_t seen = 0;
    while (node_next(&it)) {
        must(it.value && it.index == seen++);
        sum += walk(it.value);
    }
    must(seen == node_count(n));
    return sum;
}

static void sort_and_compare(const struct node *n)
{
    struct err err = {0};
    struct buf once, twice;
    buf_init(&once, OUTPUT_SIZE_MAX);
    buf_init(&twice, OUTPUT_SIZE_MAX);
    must(node_write_sorted(n, &once));
    struct doc *again = doc_parse(buf_str(&once), once.len, &err);
    must(again && node_equal(n, doc_root(again)));
    must(node_write_sorted(doc_root(again), &twice));
    must(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
    doc_free(again);
    buf_fini(&once);
    buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct doc *doc = doc_parse((const char *)data, size, &err);
    if (!doc) {
        must(err.code == ERR_PARSE && err.text[0]);
        return 0;
    }
    walk(doc_root(doc));
    struct buf text;
    buf_init(&text, OUTPUT_SIZE_MAX);
    must(node_write(doc_root(doc), &text));
    struct doc *again = doc_parse(buf_str(&text), text.len, &err);
    must(again && node_equal(doc_root(doc), doc_root(again)));
    struct doc *copy = doc_copy(doc_root(again));
    doc_free(again);
    must(node_equal(doc_root(copy), doc_root(doc)));
    doc_free(copy);
    sort_and_compare(doc_root(doc));
    buf_fini(&text);
    doc_free(doc);
    return 0;
}
