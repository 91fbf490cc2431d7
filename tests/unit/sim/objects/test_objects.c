#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/objects/objects.h"

struct world {
    struct objects *objects;
    char log[1024];
};

static void note(struct world *w, const char *text)
{
    size_t len = strlen(w->log);
    str_copy(w->log + len, sizeof w->log - len, text);
}

static void on_event(void *ctx, const struct objects_event *event)
{
    char *text = str_format(
        "%s %s v%s%s;", objects_change_name(event->change), node_str(node_at(event->object, "metadata", "name")),
        node_str(node_at(event->object, "metadata", "resourceVersion")), event->before ? " with before" : "");
    note(ctx, text);
    mem_free(text);
}

static bool on_each(void *ctx, const struct node *object)
{
    char *text = str_format("%s/%s;", node_str_or(node_at(object, "metadata", "namespace"), "-"),
                            node_str(node_at(object, "metadata", "name")));
    note(ctx, text);
    mem_free(text);
    return true;
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.objects = objects_new(NULL)};
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    objects_free(((struct world *)*state)->objects);
    return 0;
}

static void put(struct world *w, const char *namespace, const char *name)
{
    struct err err;
    char *text = str_format("{\"metadata\":{\"namespace\":\"%s\",\"name\":\"%s\"}}", namespace, name);
    struct doc *doc = doc_parse(text, strlen(text), &err);
    objects_put(w->objects, "s", doc);
    doc_free(doc);
    mem_free(text);
}

static void what_is_put_can_be_read(void **state)
{
    struct world *w = *state;
    put(w, "b", "x");
    struct doc *doc = objects_get(w->objects, "s", "b", "x");
    char *version = str_format("%lld", (long long)objects_version(w->objects));
    assert_string_equal(node_str(node_at(doc_root(doc), "metadata", "resourceVersion")), version);
    mem_free(version);
    doc_free(doc);
    assert_null(objects_get(w->objects, "s", "b", "y"));
    assert_null(objects_get(w->objects, "t", "b", "x"));
    assert_true(objects_remove(w->objects, "s", "b", "x"));
    assert_false(objects_remove(w->objects, "s", "b", "x"));
    assert_null(objects_get(w->objects, "s", "b", "x"));
}

static void readers_share_what_is_there(void **state)
{
    struct world *w = *state;
    put(w, "a", "x");
    struct doc *first = objects_read(w->objects, "s", "a", "x"), *second = objects_read(w->objects, "s", "a", "x");
    struct doc *own = objects_get(w->objects, "s", "a", "x");
    assert_ptr_equal(doc_root(first), doc_root(second));
    assert_ptr_not_equal(doc_root(first), doc_root(own));
    node_set_str(own, doc_root(own), "mine", "yes");
    put(w, "a", "x");
    /* Who reads keeps what was read. */
    assert_string_equal(node_str(node_at(doc_root(first), "metadata", "resourceVersion")), "101");
    struct doc *now = objects_read(w->objects, "s", "a", "x");
    assert_string_equal(node_str(node_at(doc_root(now), "metadata", "resourceVersion")), "102");
    objects_remove(w->objects, "s", "a", "x");
    assert_string_equal(node_str(node_at(doc_root(now), "metadata", "name")), "x");
    doc_free(first);
    doc_free(second);
    doc_free(own);
    doc_free(now);
}

/* More than there are trees kept. */
static void any_number_of_objects_can_be_read(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 5000; i++) {
        char name[16];
        snprintf(name, sizeof name, "x%d", i);
        put(w, "a", name);
    }
    for (int i = 0; i < 5000; i++) {
        char name[16];
        snprintf(name, sizeof name, "x%d", i);
        struct doc *doc = objects_read(w->objects, "s", "a", name);
        assert_string_equal(node_str(node_at(doc_root(doc), "metadata", "name")), name);
        doc_free(doc);
    }
}

static void objects_come_in_order(void **state)
{
    struct world *w = *state;
    put(w, "b", "x");
    put(w, "a", "z");
    put(w, "a", "y");
    put(w, "c", "w");
    objects_each(w->objects, "s", NULL, on_each, w);
    assert_string_equal(w->log, "a/y;a/z;b/x;c/w;");
    w->log[0] = '\0';
    objects_each(w->objects, "s", "a", on_each, w);
    assert_string_equal(w->log, "a/y;a/z;");
}

static void listeners_hear_each_change_with_what_was_before(void **state)
{
    struct world *w = *state;
    objects_listen(w->objects, on_event, w);
    put(w, "a", "x");
    put(w, "a", "x");
    objects_remove(w->objects, "s", "a", "x");
    assert_string_equal(w->log, "added x v101;modified x v102 with before;deleted x v103 with before;");
    objects_unlisten(w->objects, on_event, w);
    put(w, "a", "x");
    assert_null(strstr(w->log, "v104"));
}

/* Also of a storage in which nothing is yet. */
static void a_listener_to_one_storage_hears_no_other(void **state)
{
    struct world *w = *state;
    objects_listen_to(w->objects, "others", on_event, w);
    put(w, "a", "x");
    assert_string_equal(w->log, "");
    objects_unlisten(w->objects, on_event, w);
    objects_listen_to(w->objects, "s", on_event, w);
    put(w, "a", "y");
    assert_string_equal(w->log, "added y v102;");
    objects_unlisten(w->objects, on_event, w);
    put(w, "a", "z");
    assert_string_equal(w->log, "added y v102;");
}

static void history_is_replayed_until_it_is_forgotten(void **state)
{
    struct world *w = *state;
    put(w, "a", "x");
    put(w, "a", "y");
    assert_true(objects_replay(w->objects, "s", 101, on_event, w));
    assert_string_equal(w->log, "added y v102;");
    objects_compact(w->objects);
    assert_int_equal(objects_oldest(w->objects), 102);
    assert_false(objects_replay(w->objects, "s", 101, on_event, w));
    assert_true(objects_replay(w->objects, "s", 102, on_event, w));
}

static void the_past_is_shown_as_it_was(void **state)
{
    struct world *w = *state;
    put(w, "a", "x");
    put(w, "b", "y");
    int64_t then = objects_version(w->objects);
    put(w, "a", "new");
    objects_remove(w->objects, "s", "b", "y");
    put(w, "b", "y");
    objects_remove(w->objects, "s", "a", "x");
    assert_true(objects_each_at(w->objects, "s", NULL, then, on_each, w));
    assert_string_equal(w->log, "a/x;b/y;");
    w->log[0] = '\0';
    assert_true(objects_each_at(w->objects, "s", "b", then - 1, on_each, w));
    assert_string_equal(w->log, "");
    objects_each(w->objects, "s", NULL, on_each, w);
    assert_string_equal(w->log, "a/new;b/y;");
    assert_int_equal(objects_count(w->objects, "s", NULL), 2);
    assert_int_equal(objects_count(w->objects, "s", "b"), 1);
    objects_compact(w->objects);
    assert_false(objects_each_at(w->objects, "s", NULL, then, on_each, w));
}

static void history_has_a_ceiling(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 5000; i++)
        put(w, "a", "x");
    assert_int_equal(objects_version(w->objects), 5100);
    assert_int_equal(objects_oldest(w->objects), 5100 - 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_put_can_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(readers_share_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(any_number_of_objects_can_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(objects_come_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(listeners_hear_each_change_with_what_was_before, setup, teardown),
        cmocka_unit_test_setup_teardown(a_listener_to_one_storage_hears_no_other, setup, teardown),
        cmocka_unit_test_setup_teardown(history_is_replayed_until_it_is_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(the_past_is_shown_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(history_has_a_ceiling, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
