#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "canary/reading.h"
#include "fake_doc.h"

struct world {
    struct store *store;
    struct canary_reading reading;
    struct canary_defaults defaults;
    struct canary_scripts scripts;
    const char *why; /* what is wrong with the scripts; NULL: nothing */
};

static void check_scripts(void *ctx, const struct canary *canary, struct str_list *reasons)
{
    const struct world *w = ctx;
    if (w->why != NULL) {
        str_list_push(reasons, w->why);
    }
}

static int setup(void **state)
{
    static struct world w;
    w = (struct world){.store = store_new(&KUBE_CANARIES, NULL)};
    w.scripts = (struct canary_scripts){.ctx = &w, .check = check_scripts};
    w.defaults = (struct canary_defaults){.provider = "istio", .metrics_server = "", .scripts = &w.scripts};
    *state = &w;
    return 0;
}

/* LeakSanitizer sees a Canary that is forgotten. */
static int teardown(void **state)
{
    struct world *w = *state;
    canary_reading_fini(&w->reading);
    store_free(w->store);
    return 0;
}

static void put(struct world *w, const char *name, int version, const char *threshold, const char *more)
{
    struct doc *doc = fake_doc_format(
        "{'metadata':{'namespace':'test','name':'%s','uid':'u','resourceVersion':'%d'},'spec':{'targetRef':{"
        "'kind':'Deployment','name':'%s'},'service':{'port':80},'analysis':{'stepWeight':10,'threshold':%s}%s}}",
        name, version, name, threshold, more);
    store_put(w->store, doc);
    doc_free(doc);
}

static bool find(struct world *w, struct canary *canary, const char *name, struct err *err)
{
    *err = (struct err){0};
    return canary_reading_find(&w->reading, canary, w->store, "test", name, &w->defaults, err);
}

/* All that happens in a turn sees one reading of the Canary. */
static void test_a_canary_is_read_once(void **state)
{
    struct world *w = *state;
    struct canary first, second, other;
    struct err err;
    put(w, "a", 1, "3", "");
    put(w, "b", 1, "4", "");
    assert_true(find(w, &first, "a", &err));
    assert_true(find(w, &second, "a", &err));
    assert_ptr_equal(first.root, second.root);
    assert_ptr_equal(first.names.target_primary, second.names.target_primary);
    first.names.selector_label = "app";
    canary_fini(&first);
    assert_true(find(w, &other, "b", &err));
    assert_int_equal(other.threshold, 4);
    assert_int_equal(second.threshold, 3); /* lives as long as its holder wants */
    assert_string_equal(second.names.id, "a.test");
    assert_string_equal(second.names.apex_canary, "a-canary");
    assert_null(second.names.selector_label);
    canary_fini(&second);
    canary_fini(&other);
}

static void test_a_change_is_read(void **state)
{
    struct world *w = *state;
    struct canary canary;
    struct err err;
    put(w, "a", 1, "3", "");
    assert_true(find(w, &canary, "a", &err));
    canary_fini(&canary);
    put(w, "a", 2, "5", "");
    assert_true(find(w, &canary, "a", &err));
    assert_int_equal(canary.threshold, 5);
    canary_fini(&canary);
    put(w, "a", 3, "1.5", "");
    assert_false(find(w, &canary, "a", &err));
    assert_string_equal(err.text, "spec.analysis.threshold: 1.5 is not an integer");
    canary_fini(&canary);
    assert_false(find(w, &canary, "a", &err)); /* still */
    assert_string_equal(canary.names.target, "a");
    canary_fini(&canary);
    struct doc *gone = store_find(w->store, "test", "a");
    store_remove(w->store, gone);
    doc_free(gone);
    assert_false(find(w, &canary, "a", &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_null(canary.doc);
}

/* What a Strategy is does not stand in the Canary: it is looked at each time, and never for a release. */
static void test_its_scripts_are_looked_at_each_time(void **state)
{
    struct world *w = *state;
    struct canary canary;
    struct err err;
    put(w, "a", 1, "3", ",'strategy':{'name':'ring'}");
    assert_true(find(w, &canary, "a", &err));
    canary_fini(&canary);
    w->why = "spec.strategy: there is no Strategy ring";
    assert_false(find(w, &canary, "a", &err));
    assert_string_equal(err.text, w->why);
    canary_fini(&canary);
    w->defaults.scripts = NULL;
    assert_true(find(w, &canary, "a", &err));
    canary_fini(&canary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_canary_is_read_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_change_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_its_scripts_are_looked_at_each_time, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
