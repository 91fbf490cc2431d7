#include "sim/api/reply.h"

#include <string.h>

#include "sim/api/failure.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/api/present.h"
#include "sim/api/table.h"

enum { REPLY_MAX = 256 * 1024 * 1024 };

void api_reply(const struct request *request, int status, const struct node *body)
{
    struct buf b;
    buf_init(&b, REPLY_MAX);
    node_write(body, &b);
    buf_append_char(&b, '\n');
    exchange_answer(request->exchange, status, "application/json", buf_str(&b), b.len);
    buf_fini(&b);
}

void api_reply_text(const struct request *request, int status, const char *content_type, const char *text)
{
    exchange_answer(request->exchange, status, content_type, text, strlen(text));
}

void api_reply_failure(const struct request *request, const struct failure *f)
{
    struct doc *status = failure_status(f);
    api_reply(request, f->code, doc_root(status));
    doc_free(status);
}

static struct doc *as_table(const struct request *request, const struct node *object)
{
    struct doc *rows = doc_new();
    struct node *array = node_new_array(rows), *metadata = node_new_object(rows);
    doc_set_root(rows, array);
    node_push(array, node_copy(rows, object));
    node_set_str(rows, metadata, "resourceVersion", meta_str(object, "resourceVersion"));
    struct doc *table = api_table_new(request, array, metadata, true);
    doc_free(rows);
    return table;
}

/* What is stored was printed already. */
static bool reply_stored(const struct request *request, int status, const struct node *object)
{
    size_t len;
    const char *text = objects_text(request->api->objects, request->kind->storage, object, &len);
    if (text == NULL) {
        return false;
    }
    exchange_begin(request->exchange, status, "application/json");
    exchange_send(request->exchange, text, len);
    exchange_send(request->exchange, "\n", 1);
    exchange_end(request->exchange);
    return true;
}

void api_reply_object(const struct request *request, int status, const struct node *object)
{
    struct doc *doc = NULL;
    if (request->form == FORM_TABLE && node_get(object, "metadata") != NULL &&
        !node_is(node_get(object, "kind"), "Scale")) {
        doc = as_table(request, object);
    } else if (request->form != FORM_PARTIAL && !api_present_changes(request->kind, object)) {
        if (!reply_stored(request, status, object)) {
            api_reply(request, status, object);
        }
        return;
    } else {
        doc = doc_new();
        doc_set_root(doc, request->form == FORM_PARTIAL ? api_present_partial(doc, object)
                                                        : api_present(doc, request->kind, object, false));
    }
    api_reply(request, status, doc_root(doc));
    doc_free(doc);
}
