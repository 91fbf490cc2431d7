/* Adapters for tests, without a script: every question is on record and answered as the test says.
 *
 *     struct fake_adapters fa;
 *     fake_adapters_init(&fa, clock);
 *     fa.answer = "{'error':'no'}";     // to every question from now on; NULL: there is no answer
 *     options.adapters = &fa.base;
 *     …
 *     assert_string_equal(fa.asked.items[0], "alerts.slack {…}");
 *     fake_adapters_fini(&fa);          // fails the test when a question is under way
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_doc.h"
#include "io/adapters.h"
#include "io/clock.h"

struct fake_adapters {
    struct adapters base;
    struct clock *clock;
    struct str_list asked; /* "name {ask}" */
    const char *answer;
    size_t under_way;
};

struct fake_adapter_call {
    struct adapter_call base;
    struct timer turn;
    char *answer;
    adapter_done_fn *done;
    void *ctx;
};

static inline bool fake_adapters_have(const struct adapters *adapters, const char *name)
{
    return strcmp(name, "alerts.pigeon") != 0;
}

static inline void fake_adapters_cancel(struct adapter_call *base)
{
    struct fake_adapter_call *call = (struct fake_adapter_call *)base;
    ((struct fake_adapters *)base->adapters)->under_way--;
    timer_cancel(&call->turn);
    str_free(&call->answer);
    mem_free(call);
}

static inline void fake_adapters_on_turn(struct timer *timer, void *ctx)
{
    struct fake_adapter_call *call = ctx;
    adapter_done_fn *done = call->done;
    void *done_ctx = call->ctx;
    struct err none = {0};
    struct doc *answer = fake_doc(call->answer);
    fake_adapters_cancel(&call->base);
    done(done_ctx, doc_root(answer), &none);
    doc_free(answer);
}

static inline struct adapter_call *fake_adapters_start(struct adapters *adapters, const char *name,
                                                       const struct node *ask, adapter_done_fn *done, void *ctx)
{
    struct fake_adapters *fa = (struct fake_adapters *)adapters;
    struct fake_adapter_call *call = mem_new(struct fake_adapter_call);
    char *text = node_to_text(ask);
    str_list_push_format(&fa->asked, "%s %s", name, text);
    str_free(&text);
    call->base.adapters = adapters;
    call->answer = str_dup(fa->answer);
    call->done = done;
    call->ctx = ctx;
    fa->under_way++;
    if (call->answer != NULL) {
        timer_start(fa->clock, &call->turn, 0, fake_adapters_on_turn, call);
    }
    return &call->base;
}

static inline struct adapter_call *fake_adapters_start_guest(struct adapters *adapters,
                                                             const struct adapter_guest *guest, const struct node *ask,
                                                             adapter_done_fn *done, void *ctx)
{
    return fake_adapters_start(adapters, guest->module, ask, done, ctx);
}

static inline void fake_adapters_init(struct fake_adapters *fa, struct clock *clock)
{
    static const struct adapters_ops ops = {
        .have = fake_adapters_have,
        .start = fake_adapters_start,
        .cancel = fake_adapters_cancel,
        .start_guest = fake_adapters_start_guest,
    };
    *fa = (struct fake_adapters){.base.ops = &ops, .clock = clock, .answer = "{}"};
}

static inline void fake_adapters_fini(struct fake_adapters *fa)
{
    assert_int_equal(fa->under_way, 0);
    str_list_fini(&fa->asked);
}
