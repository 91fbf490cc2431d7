#include "base/doc_inner.h"
#include "base/mem.h"

/* Not zeroed: yyjson writes what it reads, and its chunks are large. */
static void *alc_malloc(void *ctx, size_t size)
{
    return mem_resize(NULL, size);
}

static void *alc_realloc(void *ctx, void *p, size_t old_size, size_t size)
{
    return mem_resize(p, size);
}

static void alc_free(void *ctx, void *p)
{
    mem_free(p);
}

const yyjson_alc doc_memory = {alc_malloc, alc_realloc, alc_free, NULL};

/* --- documents --- */

struct doc *doc_new(void)
{
    struct doc *doc = mem_new(struct doc);
    doc->tree = yyjson_mut_doc_new(&doc_memory);
    return doc;
}

struct doc *doc_copy(const struct node *n)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_copy(doc, n));
    return doc;
}

void doc_free(struct doc *doc)
{
    if (doc == NULL) {
        return;
    }
    if (doc->others > 0) {
        doc->others--;
        return;
    }
    yyjson_mut_doc_free(doc->tree);
    mem_free(doc->text);
    mem_free(doc);
}

struct doc *doc_share(struct doc *doc)
{
    doc->others++;
    doc->is_shared = true;
    return doc;
}

void doc_own(struct doc **doc)
{
    struct doc *shared = *doc;
    if (shared->is_shared) {
        *doc = doc_copy(doc_root(shared));
        doc_free(shared);
    }
}

bool doc_is_shared(const struct doc *doc)
{
    return doc->is_shared;
}

struct node *doc_root(const struct doc *doc)
{
    return doc != NULL ? node_out(yyjson_mut_doc_get_root(doc->tree)) : NULL;
}

void doc_set_root(struct doc *doc, struct node *n)
{
    yyjson_mut_doc_set_root(doc_tree(doc), node_in(n));
}
