/* Evidence of a journal: what was measured, oldest first, within bounds of its own. Nothing is decided by it.
 *
 * One metric asks the same server the same query in each round. In the document such a text stands once, and what
 * comes after it of the same metric has it, too; an empty one says that there is none. */
#include "base/mem.h"
#include "release/journal_record.h"

enum { EVIDENCE_SIZE_MAX = 96 * 1024 }; /* of all texts, with what the document has once */

static const char *const repeated[] = {"query", "template", "server"};
enum { REPEATED_COUNT = sizeof repeated / sizeof repeated[0] };

/* The last of the same metric before `at`; NULL: none. */
static struct node *before(struct node *list, size_t at)
{
    const char *metric = node_str(node_get(node_item(list, at), "metric"));
    for (size_t i = at; metric != NULL && i-- > 0;) {
        if (node_is(node_get(node_item(list, i), "metric"), metric)) {
            return node_item(list, i);
        }
    }
    return NULL;
}

static void say_once(struct doc *doc, struct node *evidence, const struct node *previous, const char *key)
{
    const char *text = node_str(node_get(evidence, key)), *former = node_str(node_get(previous, key));
    if (former != NULL && text == NULL) {
        node_set_str(doc, evidence, key, "");
    } else if (former != NULL && strcmp(text, former) == 0) {
        node_remove(evidence, key);
    }
}

struct node *evidence_write(const struct journal *j, struct doc *doc)
{
    struct node *list = node_new_array(doc);
    for (size_t i = 0; i < j->evidence.count; i++) {
        node_push(list, journal_parsed(doc, j->evidence.items[i]));
    }
    for (size_t i = j->evidence.count; i-- > 0;) { /* from the end, so that what stands before still has its texts */
        const struct node *previous = before(list, i);
        for (size_t k = 0; previous != NULL && k < REPEATED_COUNT; k++) {
            say_once(doc, node_item(list, i), previous, repeated[k]);
        }
    }
    return list;
}

static void repeat(struct doc *doc, struct node *evidence, const struct node *previous, const char *key)
{
    if (node_get(evidence, key) == NULL && node_get(previous, key) != NULL) {
        node_set(doc, evidence, key, node_copy(doc, node_get(previous, key)));
    }
}

static void push(struct journal *j, const char *text)
{
    str_list_push(&j->evidence, text);
    j->evidence_size += strlen(text);
    while (j->evidence.count > JOURNAL_EVIDENCE_MAX ||
           (j->evidence_size > EVIDENCE_SIZE_MAX && j->evidence.count > 1)) {
        evidence_drop_oldest(j);
    }
}

void evidence_load(struct journal *j, const struct node *list)
{
    struct doc *doc = doc_copy(list);
    struct node *copy = doc_root(doc);
    for (size_t i = 0; i < node_count(copy); i++) {
        const struct node *previous = before(copy, i);
        for (size_t k = 0; previous != NULL && k < REPEATED_COUNT; k++) {
            repeat(doc, node_item(copy, i), previous, repeated[k]);
        }
        char *text = node_to_text(node_item(copy, i));
        push(j, text);
        str_free(&text);
    }
    doc_free(doc);
}

size_t evidence_drop_oldest(struct journal *j)
{
    size_t size = strlen(j->evidence.items[0]);
    mem_free(j->evidence.items[0]);
    memmove(&j->evidence.items[0], &j->evidence.items[1], --j->evidence.count * sizeof j->evidence.items[0]);
    j->evidence_size -= size;
    j->evidence_dropped++;
    return size;
}

void journal_evidence(struct journal *j, const struct node *evidence, const char *where)
{
    struct doc *doc = doc_copy(evidence);
    if (node_type(doc_root(doc)) == NODE_OBJECT) {
        node_set_str(doc, doc_root(doc), "where", where);
    }
    char *text = node_to_text(doc_root(doc));
    push(j, text);
    str_free(&text);
    doc_free(doc);
}
