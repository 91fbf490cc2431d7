#include "rollout/script_folder.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/adapters.h"
#include "io/file.h"
#include "io/folder.h"

enum { TEXT_SIZE_MAX = 256 * 1024, NAME_MAX_LEN = 63 };

static const struct {
    const char *name;
    const struct kube_resource *resource; /* of the scripts that it has; NULL: they are adapters */
} folders[] = {
    {"strategies", &KUBE_STRATEGIES}, {"checks", &KUBE_CHECKS}, {"adapters/metrics", NULL}, {"adapters/alerts", NULL}};

/* Folders without scripts of their own. */
static const struct {
    const char *name;
    const char *known[4]; /* what they may have, NULL behind the last one */
    const char *wanted;
} parents[] = {{"", {"strategies", "checks", "adapters"}, "strategies, checks and adapters"},
               {"/adapters", {"metrics", "alerts"}, "adapters/metrics and adapters/alerts"}};

enum { FOLDERS = sizeof folders / sizeof folders[0], PARENTS = sizeof parents / sizeof parents[0] };

struct script_folder {
    struct context *context;
    char *path;
    char *troubles[FOLDERS]; /* as they were told last; NULL: none */
    char *misplaced[PARENTS];
    struct doc *adapters; /* {"metrics.queue": text}; NULL: they were not looked at */
    struct timer timer;
};

static bool is_script(const char *file)
{
    return str_has_suffix(file, ".lua");
}

/* "ring" of "ring.lua"; NULL when no script can have that name. (mem_free) */
static char *name_of(const char *file)
{
    size_t len = strlen(file) - strlen(".lua");
    bool ok = len > 0 && len <= NAME_MAX_LEN && file[0] != '-' &&
              strspn(file, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
    return ok ? str_dup_n(file, len) : NULL;
}

static void read_one(const char *path, const char *file, struct doc *files, struct str_list *troubles)
{
    char *name = name_of(file);
    struct buf text;
    struct err err = {0};
    buf_init(&text, TEXT_SIZE_MAX);
    if (name == NULL) {
        str_list_push_format(troubles, "%s: the name of a script has small letters, digits and '-', at most %d of them",
                             path, NAME_MAX_LEN);
    } else if (!file_read_regular(path, &text, &err)) {
        str_list_push(troubles, err.text);
    } else {
        node_set(files, doc_root(files), name, node_new_str_n(files, buf_str(&text), text.len));
    }
    buf_fini(&text);
    str_free(&name);
}

/* {name: text}. A folder that is not there has none. */
static struct doc *read_all(const char *folder, struct str_list *troubles)
{
    struct doc *files = doc_new();
    doc_set_root(files, node_new_object(files));
    struct str_list names = {0};
    struct err err = {0};
    if (!folder_names(folder, &names, &err) && err.code != ERR_NOT_FOUND) {
        str_list_push(troubles, err.text);
    }
    for (size_t i = 0; i < names.count; i++) {
        char *path = str_format("%s/%s", folder, names.items[i]);
        if (is_script(names.items[i])) {
            read_one(path, names.items[i], files, troubles);
        } else if (folder_is(path)) {
            str_list_push_format(troubles, "%s: a folder in a folder of scripts is not read", path);
        }
        str_free(&path);
    }
    str_list_fini(&names);
    return files;
}

static bool is_known(const char *const *known, const char *name)
{
    while (*known != NULL && strcmp(*known, name) != 0) {
        known++;
    }
    return *known != NULL;
}

/* Scripts, and folders that may have some, where nobody looks for them. */
static void find_misplaced(const char *folder, const char *const *known, const char *wanted, bool must_be,
                           struct str_list *troubles)
{
    struct str_list names = {0};
    struct err err = {0};
    if (!folder_names(folder, &names, &err) && (must_be || err.code != ERR_NOT_FOUND)) {
        str_list_push(troubles, err.text);
    }
    for (size_t i = 0; i < names.count; i++) {
        char *path = str_format("%s/%s", folder, names.items[i]);
        if (!is_known(known, names.items[i]) && (is_script(names.items[i]) || folder_is(path))) {
            str_list_push_format(troubles, "%s is not read: scripts are wanted in %s", path, wanted);
        }
        str_free(&path);
    }
    str_list_fini(&names);
}

static void tell(char **told, struct str_list *troubles)
{
    char *text = str_list_join(troubles, "; ");
    if (text[0] != '\0' && !str_equal(*told, text)) {
        log_warn(NULL, "-scripts: %s", text);
    }
    str_free(told);
    *told = text;
}

/* Those of one folder by the names that adapters have: "metrics.queue" of adapters/metrics/queue.lua. */
static void add_adapters(struct doc *adapters, const char *folder, const struct doc *files)
{
    struct node_iter it = node_iterate(doc_root(files));
    while (node_next(&it)) {
        char *name = str_format("%s.%s", folder + strlen("adapters/"), it.key);
        node_set(adapters, doc_root(adapters), name, node_copy(adapters, it.value));
        str_free(&name);
    }
}

/* One that cannot be used is named once for each text of it, and the others go on. */
static void tell_of_adapters(const struct script_folder *folder, const struct doc *before)
{
    struct node_iter it = node_iterate(doc_root(folder->adapters));
    while (node_next(&it)) {
        const struct node *known = node_get(doc_root(before), it.key);
        struct err err = {0};
        if ((known == NULL || !node_equal(known, it.value)) &&
            !adapters_load(folder->context->adapters, it.key, &err)) {
            const char *dot = strchr(it.key, '.');
            log_warn(NULL, "%s/adapters/%.*s/%s.lua is not %s: %s", folder->path, (int)(dot - it.key), it.key, dot + 1,
                     err.code == ERR_CONFLICT ? "used" : "ready", err.text);
        }
    }
}

/* Takes `adapters`. */
static void take_adapters(struct script_folder *folder, struct doc *adapters)
{
    struct doc *before = folder->adapters;
    folder->adapters = adapters;
    if (folder->context->adapters != NULL && (before == NULL || !node_equal(doc_root(before), doc_root(adapters)))) {
        adapters_set_own(folder->context->adapters, doc_root(adapters));
        tell_of_adapters(folder, before);
    }
    doc_free(before);
}

static void look_for_misplaced(struct script_folder *folder)
{
    for (size_t i = 0; i < PARENTS; i++) {
        char *path = str_format("%s%s", folder->path, parents[i].name);
        struct str_list troubles = {0};
        find_misplaced(path, parents[i].known, parents[i].wanted, i == 0, &troubles);
        tell(&folder->misplaced[i], &troubles);
        str_list_fini(&troubles);
        str_free(&path);
    }
}

static void look(struct script_folder *folder)
{
    look_for_misplaced(folder);
    struct doc *adapters = doc_new();
    doc_set_root(adapters, node_new_object(adapters));
    for (size_t i = 0; i < FOLDERS; i++) {
        char *path = str_format("%s/%s", folder->path, folders[i].name);
        struct str_list troubles = {0};
        struct doc *files = read_all(path, &troubles);
        tell(&folder->troubles[i], &troubles);
        if (folders[i].resource != NULL) {
            library_set_files(folder->context->library, folders[i].resource, files, path);
        } else {
            add_adapters(adapters, folders[i].name, files);
            doc_free(files);
        }
        str_list_fini(&troubles);
        str_free(&path);
    }
    take_adapters(folder, adapters);
}

static void on_timer(struct timer *timer, void *ctx)
{
    struct script_folder *folder = ctx;
    look(folder);
    timer_start(folder->context->clock, &folder->timer, SCRIPT_FOLDER_PERIOD_MS, on_timer, folder);
}

struct script_folder *script_folder_open(struct context *context, const char *path)
{
    struct script_folder *folder = mem_new(struct script_folder);
    folder->context = context;
    folder->path = str_dup(path);
    on_timer(&folder->timer, folder);
    return folder;
}

void script_folder_close(struct script_folder *folder)
{
    if (folder == NULL) {
        return;
    }
    timer_cancel(&folder->timer);
    for (size_t i = 0; i < FOLDERS; i++) {
        str_free(&folder->troubles[i]);
    }
    for (size_t i = 0; i < PARENTS; i++) {
        str_free(&folder->misplaced[i]);
    }
    doc_free(folder->adapters);
    str_free(&folder->path);
    mem_free(folder);
}
