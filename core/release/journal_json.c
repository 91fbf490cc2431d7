/* Nodes as JSON text, which a journal keeps, and back. */
#include <assert.h>

#include "release/journal_record.h"

char *journal_text_of(const struct node *n)
{
    return n == NULL ? str_dup("null") : node_to_text(n);
}

struct doc *journal_doc_of(const char *text)
{
    struct err err;
    struct doc *doc = doc_parse(text, strlen(text), &err);
    assert(doc != NULL); /* we wrote it */
    return doc;
}

struct node *journal_parsed(struct doc *doc, const char *text)
{
    struct doc *value = journal_doc_of(text);
    struct node *copy = node_copy(doc, doc_root(value));
    doc_free(value);
    return copy;
}
