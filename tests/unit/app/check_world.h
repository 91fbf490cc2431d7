/* Files that sluice check reads, and what it prints of them: for test_check_script.c and test_check_use.c. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "fake_file.h"
#include "script/embedded.h"

#define STRATEGY(name) "apiVersion: sluice.dev/v1alpha1\nkind: Strategy\nmetadata: {name: " name ", namespace: shop}\n"
#define CANARY                                                                                                         \
    "---\napiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: web, namespace: shop}\nspec:\n"              \
    "  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  service: {port: 80}\n"                         \
    "  analysis: {interval: 1m, threshold: 5}\n"
#define CHECK(name) "apiVersion: sluice.dev/v1alpha1\nkind: Check\nmetadata: {name: " name ", namespace: shop}\n"

#define GOOD                                                                                                           \
    "local param = require 'stdlib.param'\n"                                                                           \
    "return require 'stdlib.strategy' { name = 'ring', params = { calm = param.integer { default = 3 } },\n"           \
    "run = function(rollout) rollout:begin() rollout:shift(50) rollout:promote() end }\n"

struct world {
    char folder[64];
    struct check check;
};

static inline void set_up(struct world *w)
{
    struct err err = {0};
    strcpy(w->folder, "/tmp/sluice-check-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    assert_true(check_init(&w->check, "istio", &err));
    w->check.takes_scripts = true;
}

static inline void tear_down(struct world *w)
{
    char *command = str_format("rm -r %s", w->folder);
    assert_int_equal(system(command), 0);
    mem_free(command);
    check_fini(&w->check);
}

static inline void expect_found(struct world *w, const char *wanted)
{
    char *text = NULL, *at;
    size_t len = 0, skipped = strlen(w->folder) + 1;
    FILE *out = open_memstream(&text, &len);
    check_path(&w->check, w->folder);
    check_end(&w->check);
    check_print_findings(&w->check, out);
    fclose(out);
    while ((at = strstr(text, w->folder)) != NULL) {
        memmove(at, at + skipped, strlen(at + skipped) + 1);
    }
    assert_string_equal(text, wanted);
    assert_int_equal(w->check.errors.count, 0);
    assert_int_equal(check_is_wrong(&w->check), strstr(wanted, " error: ") != NULL);
    free(text);
}

static inline void expect_printed(struct world *w, const char *wanted)
{
    expect_found(w, wanted);
    tear_down(w);
}

static inline void expect(const char *name, const char *text, const char *wanted)
{
    struct world w;
    set_up(&w);
    fake_file_write_in(w.folder, name, text);
    expect_printed(&w, wanted);
}
