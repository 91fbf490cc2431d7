/* Objects in files, for commands that hand them to lua/tool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/manifests.h"
#include "fake_file.h"

/* What is read of this path; false: `err` has why nothing is. */
static bool read_one(const char *path, size_t *count, struct err *err)
{
    struct str_list paths = {0};
    struct doc *doc = doc_new();
    struct node *list = node_new_array(doc);
    str_list_push(&paths, path);
    bool ok = manifests_read(&paths, doc, list, err);
    *count = node_count(list);
    doc_free(doc);
    str_list_fini(&paths);
    return ok;
}

/* Read as YAML, some scripts have a fault at a comma, and others are one text that is passed over. */
static void test_a_script_is_no_manifest(void **state)
{
    char folder[] = "/tmp/sluice-manifests-XXXXXX";
    struct err err = {0};
    size_t count;
    assert_non_null(mkdtemp(folder));
    fake_file_write_in(folder, "ring.lua", "return 5\n");
    fake_file_write_in(folder, "web.yaml", "kind: A\n---\n{kind: List, items: [{kind: B}, {kind: C}]}\n");
    char *script = str_format("%s/ring.lua", folder), *manifest = str_format("%s/web.yaml", folder);
    assert_false(read_one(script, &count, &err));
    assert_true(str_has_prefix(err.text, script));
    assert_string_equal(err.text + strlen(script),
                        " is a script, a manifest is wanted: a Canary, or a Strategy or a Check NAME, for which "
                        "NAME.lua beside it is read; sluice check FILE and sluice test FOLDER take scripts");
    assert_true(read_one(folder, &count, &err)); /* beside manifests they are passed over */
    assert_int_equal(count, 3);
    assert_int_equal(unlink(script), 0);
    assert_int_equal(unlink(manifest), 0);
    assert_int_equal(rmdir(folder), 0);
    str_free(&script);
    str_free(&manifest);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_script_is_no_manifest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
