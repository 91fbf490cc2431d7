// room: base
/* YAML from anywhere: whatever is accepted must be a document that JSON can hold. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check(struct doc *doc, const struct err *err)
{
    if (!doc) {
        must(err->code == ERR_PARSE && strncmp(err->text, "fuzz:", 5) == 0);
        return;
    }
    struct err failure = {0};
    char *text = node_to_text(doc_root(doc));
    struct doc *again = doc_parse(text, strlen(text), &failure);
    must(again && node_equal(doc_root(doc), doc_root(again)));
    doc_free(again);
    mem_free(text);
    doc_free(doc);
}

/* To let the last of repeated keys count changes nothing else. */
static void check_repeated(const uint8_t *data, size_t size)
{
    struct str_list repeated = {0};
    struct err err = {0}, strict_err = {0};
    struct doc *strict = yaml_parse("fuzz", (const char *)data, size, &strict_err);
    struct doc *last = yaml_parse_last("fuzz", (const char *)data, size, &repeated, &err);
    must(!last || (strict != NULL) == (repeated.count == 0));
    must(!strict || (last && node_equal(doc_root(strict), doc_root(last))));
    doc_free(strict);
    str_list_fini(&repeated);
    check(last, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct doc *first = yaml_parse("fuzz", (const char *)data, size, &err);
    check(first, &err);
    err_clear(&err);
    struct doc *all = yaml_parse_all("fuzz", (const char *)data, size, &err);
    check(all, &err);
    check_repeated(data, size);
    return 0;
}
