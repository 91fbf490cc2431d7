// room: rollout
/* libFuzzer: any JSON as a Release. What must hold: it is refused with a reason, or all that an engine would take from
 * it is within bounds: its record is replayed to the end, goes on, is written and reads back; its effects are of known
 * kinds. Nothing crashes or leaks. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/str.h"
#include "effect/effect.h"
#include "effect/record.h"

enum { WORDS_MAX = 3000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t now(void *ctx)
{
    return 1773216907000;
}

static void arm(void *ctx, int64_t when_ms)
{
}

/* The script's side: it asks for what is on record, with the arguments that the corpus was made with. */
static void replay(struct journal *journal, const struct node *entries)
{
    struct err err = {0};
    enum journal_step step = JOURNAL_RECORDED;
    for (size_t at = 0; journal_is_replaying(journal) && step == JOURNAL_RECORDED && at < WORDS_MAX; at++) {
        const char *word = node_str_or(node_get(node_item(entries, at % (node_count(entries) + 1)), "w"), "round");
        struct doc *result = NULL;
        int64_t started_ms = 0;
        step = journal_enter(journal, word, NULL, 1, &result, &started_ms, &err);
        assert(step != JOURNAL_DIVERGED || err.text[0] != '\0');
        doc_free(result);
    }
    struct doc *answer = NULL;
    if (step == JOURNAL_NEW) {
        journal_ask(journal, "act", NULL, &answer, &err);
    }
    doc_free(answer);
}

/* More words than a fold looks back over. */
static void go_on(struct journal *journal)
{
    struct err err = {0};
    while (journal_leave(journal, NULL, &err)) {
    }
    for (int i = 0; i < 6 && !journal_is_replaying(journal); i++) {
        struct doc *result = NULL;
        int64_t started_ms = 0;
        journal_enter(journal, i % 2 == 0 ? "round" : "open", NULL, 1, &result, &started_ms, &err);
        doc_free(result);
        journal_leave(journal, NULL, &err);
    }
}

static void read_back(struct journal *journal)
{
    struct err err = {0};
    struct doc *doc = doc_new();
    struct node *status = node_new_object(doc);
    journal_write(journal, doc, status);
    struct journal *again = journal_load(status, &err);
    assert(again != NULL);
    journal_free(again);
    doc_free(doc);
}

static void use(const struct release *release, const struct node *object)
{
    struct err err = {0};
    const struct node *status = node_get(object, "status");
    assert(release->epoch >= 0 && release->epoch <= RELEASE_COUNT_MAX && release->serial <= RELEASE_COUNT_MAX);
    assert(release->ending == NULL || effects_check(doc_root(release->ending), EFFECTS_OF_ENDING, "ending", &err));
    read_back(release->journal);
    replay(release->journal, node_get(status, "entries"));
    go_on(release->journal);
    read_back(release->journal);
    journal_trim(release->journal, 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct doc *doc = doc_parse((const char *)data, size, &err);
    if (doc == NULL) {
        return 0;
    }
    static const struct clock_driver still = {.mono_ms = now, .wall_ms = now, .arm = arm};
    struct context context = {.clock = clock_new(&still), .identity = "fuzz"};
    log_set_sink(log_drop, NULL);
    struct release *release = record_open(&context, doc_root(doc));
    assert(release->unreadable == NULL || release->unreadable[0] != '\0');
    use(release, doc_root(doc));
    release_free(release);
    clock_free(context.clock);
    doc_free(doc);
    return 0;
}
