// room: load
// mutants: 20000
/* Any bytes as what a hook sends to the load tester, or as a command line alone. What must hold: an error's text
 * exactly where something is refused, each program has a name, words have no letter that was not in the text, and a
 * plan that is played is bounded. */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "load/hey.h"
#include "load/payload.h"
#include "load/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void play(const struct str_list *words)
{
    static const struct load_ceiling ceiling = {
        .rate = 1000, .flag = "-max-rate", .workers = 200, .duration_ms = 3600 * 1000};
    struct load_plan plan;
    struct err err = {0};
    if (hey_read(words, &plan, &err) && load_plan_fit(&plan, &ceiling, &err)) {
        assert(err.text[0] == '\0');
        assert(plan.workers >= 1 && plan.workers <= ceiling.workers);
        assert(plan.rate > 0 && plan.rate * plan.workers <= ceiling.rate * (1 + 1e-9));
        assert(plan.duration_ms > 0 && plan.duration_ms <= ceiling.duration_ms);
        assert(plan.timeout_ms > 0 && plan.timeout_ms <= ceiling.duration_ms);
        assert(plan.header_names.count == plan.header_values.count);
        assert(plan.requests % plan.workers == 0);
    } else {
        assert(err.text[0] != '\0');
    }
    load_plan_fini(&plan);
}

static void look(const char *text, const struct words *words)
{
    size_t letters = 0;
    assert(words->count >= 1 && words->count <= WORDS_PROGRAMS_MAX);
    for (size_t i = 0; i < words->count; i++) {
        assert(words->programs[i].count >= 1);
        for (size_t j = 0; j < words->programs[i].count; j++) {
            const char *word = words->programs[i].items[j];
            assert(strspn(word, text) == strlen(word));
            letters += strlen(word);
        }
        play(&words->programs[i]);
    }
    assert(letters <= strlen(text));
}

static void split(const char *text)
{
    struct words words;
    struct err err = {0};
    bool ok = words_split(text, &words, &err);
    assert(ok == (err.text[0] == '\0'));
    if (ok) {
        look(text, &words);
    }
    words_fini(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = str_dup_n((const char *)data, size);
    struct payload payload;
    struct err err = {0};
    bool ok = payload_read(text, size, &payload, &err);
    assert(ok == (err.text[0] == '\0'));
    split(text);
    if (ok && payload_metadata(&payload, "cmd") != NULL) {
        split(payload_metadata(&payload, "cmd"));
    }
    payload_fini(&payload);
    mem_free(text);
    return 0;
}
