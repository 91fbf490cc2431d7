// room: canary
/* Any text as the annotation that asks something of a Canary. What must hold: it has an id by which it can be answered,
 * an error's text exactly where it cannot be read, and what is read says the same when it is asked for again. */
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "canary/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct doc *canary_of(const char *text, size_t size)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    struct node *metadata = node_ensure_object(doc, doc_root(doc), "metadata");
    struct node *annotations = node_ensure_object(doc, metadata, "annotations");
    node_set(doc, annotations, REQUEST_ANNOTATION, node_new_str_n(doc, text, size));
    return doc;
}

static void expect_same(const struct request *a, const struct request *b)
{
    const char *const pairs[][2] = {{a->id, b->id},         {a->release, b->release}, {a->gate, b->gate},
                                    {a->reason, b->reason}, {a->by, b->by},           {a->at, b->at}};
    assert(a->verb == b->verb && a->generation == b->generation);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert(str_equal(pairs[i][0], pairs[i][1]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct doc *canary = canary_of((const char *)data, size);
    struct request request, again;
    struct err err = {0}, none = {0};
    enum request_found found = request_read(&request, doc_root(canary), &err);
    assert(found != REQUEST_NONE && (found == REQUEST_BAD) == (err.text[0] != '\0'));
    assert(!str_empty(request.id) && strlen(request.id) <= REQUEST_ID_MAX &&
           utf8_valid(request.id, strlen(request.id)));
    if (found == REQUEST_READ) {
        struct doc *patch = request_patch(&request);
        assert(request_read(&again, doc_root(patch), &none) == REQUEST_READ);
        expect_same(&request, &again);
        request_fini(&again);
        doc_free(patch);
    }
    request_fini(&request);
    doc_free(canary);
    return 0;
}
