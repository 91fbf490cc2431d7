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

enum { KEPT_SIZE = 64 * 1024 };

char *doc_piece_ensure(struct doc_piece *piece, size_t size)
{
    if (piece->size < size) {
        piece->bytes = mem_resize(piece->bytes, size);
        piece->size = size;
    }
    return piece->bytes;
}

void doc_piece_trim(struct doc_piece *piece)
{
    if (piece->size > KEPT_SIZE) {
        mem_free(piece->bytes);
        *piece = (struct doc_piece){0};
    }
}

/* --- documents --- */

/* First: what most documents that are built have room for. Next: what yyjson adds then, more each time. */
enum { FIRST_NODES = 16, FIRST_TEXT = 192, NEXT_NODES = 32, NEXT_TEXT = 512, CHUNK_MAX = 1 << 28 };

struct doc *doc_sized(size_t nodes, size_t text)
{
    size_t nodes_size = nodes * sizeof(yyjson_mut_val);
    struct doc *doc = mem_resize(NULL, sizeof *doc + nodes_size + text);
    char *texts = (char *)doc->nodes + nodes_size;
    *doc = (struct doc){
        .body = {.alc = doc_memory,
                 .str_pool = {.cur = texts, .end = texts + text, .chunk_size = NEXT_TEXT, .chunk_size_max = CHUNK_MAX},
                 .val_pool = {.cur = doc->nodes,
                              .end = doc->nodes + nodes,
                              .chunk_size = NEXT_NODES * sizeof(yyjson_mut_val),
                              .chunk_size_max = CHUNK_MAX}},
    };
    return doc;
}

struct doc *doc_new(void)
{
    return doc_sized(FIRST_NODES, FIRST_TEXT);
}

static void free_chunks(yyjson_mut_doc *body)
{
    for (yyjson_val_chunk *chunk = body->val_pool.chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        mem_free(chunk);
    }
    for (yyjson_str_chunk *chunk = body->str_pool.chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        mem_free(chunk);
    }
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
    free_chunks(&doc->body);
    mem_free(doc);
}

struct doc *doc_share(struct doc *doc)
{
    doc->others++;
    doc->is_shared = true;
    return doc;
}

bool doc_is_shared(const struct doc *doc)
{
    return doc->is_shared;
}

struct node *doc_root(const struct doc *doc)
{
    return doc != NULL ? node_out(doc->body.root) : NULL;
}

void doc_set_root(struct doc *doc, struct node *n)
{
    doc_tree(doc)->root = node_in(n);
}
