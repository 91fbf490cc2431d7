#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "load/figures.h"
#include "load/payload.h"

static char *text_of(const struct figures *figures)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    figures_write(figures, &text);
    return buf_take(&text);
}

static void expect(const struct figures *figures, const char *line, bool is_there)
{
    char *text = text_of(figures);
    if ((strstr(text, line) != NULL) != is_there) {
        fail_msg("%s%s:\n%.4000s", is_there ? "missing: " : "there: ", line, text);
    }
    mem_free(text);
}

static void requests_and_tasks_are_counted_by_canary(void **state)
{
    struct figures *figures = figures_new();
    expect(figures, "\nsluice_load_tasks_running 0\n", true);
    figures_begin(figures, "test", "podinfo");
    figures_result(figures, "test", "podinfo", 200, 3000);
    figures_result(figures, "test", "podinfo", 200, 300000);
    figures_result(figures, "test", "podinfo", 0, 10);
    figures_result(figures, "test", "podinfo", 418, 10);
    figures_result(figures, "test", "podinfo", 451, 10);
    figures_result(figures, "test", "podinfo", 999, 10);
    figures_task(figures, "test", "podinfo", "hey", "finished");
    figures_running(figures, 3, 40);
    expect(figures, "\nsluice_load_requests_total{namespace=\"test\",name=\"podinfo\",code=\"200\"} 2\n", true);
    expect(figures, "\nsluice_load_requests_total{namespace=\"test\",name=\"podinfo\",code=\"error\"} 1\n", true);
    expect(figures,
           "\nsluice_load_request_duration_seconds_bucket{namespace=\"test\",name=\"podinfo\",le=\"0.005\"} 4\n", true);
    expect(figures, "\nsluice_load_request_duration_seconds_count{namespace=\"test\",name=\"podinfo\"} 5\n", true);
    expect(figures, "\nsluice_load_requests_total{namespace=\"test\",name=\"podinfo\",code=\"4xx\"} 2\n", true);
    expect(figures, "\nsluice_load_requests_total{namespace=\"test\",name=\"podinfo\",code=\"other\"} 1\n", true);
    expect(figures,
           "\nsluice_load_tasks_total{namespace=\"test\",name=\"podinfo\",type=\"hey\",outcome=\"finished\"} 1\n",
           true);
    expect(figures, "\nsluice_load_tasks_running 3\n", true);
    figures_free(figures);
}

/* The first canary comes back in the middle, so the second one is the oldest when there is no room any more. */
static void series_of_old_canaries_make_room(void **state)
{
    struct figures *figures = figures_new();
    for (int i = 0; i <= FIGURES_CANARIES_MAX; i++) {
        char *name = str_format("c%d", i);
        if (i == FIGURES_CANARIES_MAX) {
            figures_begin(figures, "test", "c0");
        }
        figures_begin(figures, "test", name);
        figures_result(figures, "test", name, 200, 1000);
        figures_task(figures, "test", name, "hey", "finished");
        mem_free(name);
    }
    expect(figures, "name=\"c0\"", true);
    expect(figures, "name=\"c1\"", false);
    expect(figures, "name=\"c2\"", true);
    expect(figures, "name=\"c500\"", true);
    figures_free(figures);
}

static void fill(struct figures *figures, const char *namespace, const char *name)
{
    static const char *const types[] = {"hey", "program", "unknown"};
    static const char *const outcomes[] = {"finished", "failed", "refused", "skipped"};
    figures_begin(figures, namespace, name);
    figures_slowed(figures, namespace, name);
    for (int status = 0; status < 1000; status++) {
        figures_result(figures, namespace, name, status, 1000);
    }
    for (size_t i = 0; i < 12; i++) {
        figures_task(figures, namespace, name, types[i % 3], outcomes[i / 3]);
    }
}

/* Whoever reaches the port names canaries, and their servers choose the status. */
static void the_text_is_bounded_whoever_is_asked(void **state)
{
    struct figures *figures = figures_new();
    char namespace[PAYLOAD_NAMESPACE_MAX + 1], name[PAYLOAD_NAME_MAX + 1];
    memset(namespace, '\\', sizeof namespace - 1); /* written as two */
    memset(name, '\\', sizeof name - 1);
    namespace[sizeof namespace - 1] = name[sizeof name - 1] = '\0';
    for (int i = 0; i < FIGURES_CANARIES_MAX + 10; i++) {
        name[0] = (char)('a' + i % 26);
        name[1] = (char)('a' + i / 26);
        fill(figures, namespace, name);
    }
    char *text = text_of(figures);
    assert_in_range(strlen(text), FIGURES_TEXT_MAX / 2, FIGURES_TEXT_MAX);
    mem_free(text);
    figures_free(figures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_and_tasks_are_counted_by_canary),
        cmocka_unit_test(series_of_old_canaries_make_room),
        cmocka_unit_test(the_text_is_bounded_whoever_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
