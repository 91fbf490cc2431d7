/* A scenario's file from its first field to its last. */
#include "sim/story/scenario.h"

#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "io/file.h"
#include "sim/story/scenario_inner.h"

#define BEGIN_MS INT64_C(1773216907000) /* 2026-03-11T08:15:07Z */
#define HOUR_MS INT64_C(3600000)

enum { FILE_MAX = 1024 * 1024, SEED = 1 };

static bool read_begin(const struct form *form, const struct node *root, int64_t *begin_ms)
{
    const char *text = NULL;
    struct err err;
    if (!form_str(form, root, "begin", &text)) {
        return false;
    }
    return text == NULL || time_parse(text, begin_ms, &err) ||
           form_refuse_field(form, root, "begin", "\"%s\" is no time, wanted one such as 2026-03-11T08:15:07Z", text);
}

static bool read_acts(const struct scenario_reader *reader, const struct node *root, struct scenario *scenario)
{
    const struct node *acts = NULL;
    if (!form_list(reader->form, root, "acts", &acts)) {
        return false;
    }
    scenario->acts = mem_alloc_array(node_count(acts), sizeof *scenario->acts);
    struct node_iter it = node_iterate(acts);
    while (node_next(&it)) {
        if (!scenario_act_read(reader, it.value, &scenario->acts[scenario->act_count++])) {
            return false;
        }
    }
    return true;
}

static bool read_end(const struct form *form, const struct node *root, struct scenario_moment *end)
{
    static const char *const fields[] = {"at", "when", "after", NULL};
    const struct node *node = node_get(root, "end");
    return form_need(form, root, "end") && form_fields(form, node, fields) && scenario_moment_read(form, node, end);
}

static bool read_expectations(const struct form *form, const struct node *root, struct scenario *scenario)
{
    const struct node *list = NULL;
    if (!form_list(form, root, "expect", &list)) {
        return false;
    }
    scenario->expectations = mem_alloc_array(node_count(list), sizeof *scenario->expectations);
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (!scenario_expectation_read(form, it.value, &scenario->expectations[scenario->expectation_count++])) {
            return false;
        }
    }
    return true;
}

/* Acts are played in their order, so a time before one that has passed will never come; and everything ends at the
 * limit. */
static bool check_times(const struct scenario *scenario)
{
    int64_t reached_ms = 0;
    for (size_t i = 0; i < scenario->world.fault_count; i++) {
        if (scenario->world.faults[i].from_ms > scenario->limit_ms) {
            return form_refuse_field(&scenario->form, scenario->world.faults[i].node, "from",
                                     "it comes after the limit of the story");
        }
    }
    for (size_t i = 0; i <= scenario->act_count; i++) {
        const struct scenario_moment *moment = i < scenario->act_count ? &scenario->acts[i].moment : &scenario->end;
        const char *at = node_str(node_get(moment->node, "at"));
        if (moment->at_ms >= 0 && moment->at_ms < reached_ms) {
            return form_refuse_field(&scenario->form, moment->node, "at", "%s comes before the act above it", at);
        }
        reached_ms = (moment->at_ms >= 0 ? moment->at_ms : reached_ms) + moment->after_ms;
        if (reached_ms > scenario->limit_ms) {
            return form_refuse_field(&scenario->form, moment->node, moment->at_ms >= 0 ? "at" : "after",
                                     "it comes after the limit of the story");
        }
    }
    return true;
}

static bool read_all(const struct scenario_reader *reader, struct scenario *scenario)
{
    static const char *const fields[] = {"title",   "description",         "seed", "begin", "limit",
                                         "objects", SCENARIO_WORLD_FIELDS, "acts", "end",   "expect",
                                         NULL};
    const struct form *form = reader->form;
    const struct node *root = form->root;
    int64_t seed = SEED;
    if (!form_fields(form, root, fields) || !form_need(form, root, "title") ||
        !form_str(form, root, "title", &scenario->title) ||
        !form_str(form, root, "description", &scenario->description) ||
        !form_int(form, root, "seed", 0, INT64_MAX, &seed) || !read_begin(form, root, &scenario->begin_ms) ||
        !form_duration(form, root, "limit", &scenario->limit_ms)) {
        return false;
    }
    scenario->seed = (uint64_t)seed;
    scenario->objects = scenario_objects_read(reader, root, "objects");
    return scenario->objects != NULL && scenario_world_read(form, root, &scenario->world) &&
           read_acts(reader, root, scenario) && read_end(form, root, &scenario->end) &&
           read_expectations(form, root, scenario) && check_times(scenario);
}

/* What kubectl applies, and no scenario: it has a kind and a version where a scenario has a title. */
static bool is_manifest(const struct node *root)
{
    return form_has(root, "apiVersion") && form_has(root, "kind") && !form_has(root, "title");
}

static bool refuse_manifest(const struct form *form, const struct node *object)
{
    const char *kind = node_str_or(node_get(object, "kind"), "?");
    const char *name = node_str_or(node_at(object, "metadata", "name"), "");
    return form_refuse(form, object,
                       "the Kubernetes object %s%s%s, wanted a scenario: one names this file under objects, as in "
                       "{file: PATH}; or apply it to a cluster that demo --serve opens",
                       kind, name[0] != '\0' ? " " : "", name);
}

/* Nothing may hide behind a "---". */
static bool is_one_document(const char *file, const struct buf *text, struct err *err)
{
    struct yaml_places *places = yaml_places_new();
    struct doc *all = yaml_parse_all_placed(file, buf_str(text), text->len, places, err);
    const struct node *list = doc_root(all), *first = node_item(list, 0), *second = node_item(list, 1);
    bool ok = all != NULL;
    if (ok && is_manifest(first)) {
        struct form form = {.file = file, .root = first, .places = places, .err = err};
        ok = refuse_manifest(&form, first);
    } else if (ok && second != NULL) {
        struct form form = {.file = file, .root = second, .places = places, .err = err};
        ok = form_refuse(&form, second, "%zu documents, wanted one", node_count(list));
    }
    doc_free(all);
    yaml_places_free(places);
    return ok;
}

static bool read_file(struct scenario *scenario, scenario_open_fn *open, struct err *err)
{
    struct buf text;
    buf_init(&text, FILE_MAX);
    bool ok = open(scenario->file, &text, err) && is_one_document(scenario->file, &text, err);
    if (ok) {
        scenario->doc = yaml_parse_placed(scenario->file, buf_str(&text), text.len, scenario->places, err);
    }
    buf_fini(&text);
    return ok && scenario->doc != NULL;
}

struct scenario *scenario_read(const char *path, scenario_open_fn *open, struct err *err)
{
    struct scenario *scenario = mem_new(struct scenario);
    *scenario = (struct scenario){.begin_ms = BEGIN_MS, .limit_ms = HOUR_MS, .end.at_ms = -1};
    scenario->file = str_dup(path);
    scenario->places = yaml_places_new();
    struct scenario_reader reader = {
        .form = &scenario->form, .open = open != NULL ? open : file_read, .scenario = scenario};
    bool ok = read_file(scenario, reader.open, err);
    if (ok) {
        const struct node *root = doc_root(scenario->doc);
        scenario->form = (struct form){.file = scenario->file, .root = root, .places = scenario->places, .err = err};
        ok = read_all(&reader, scenario);
        scenario->form.err = NULL;
    }
    if (ok) {
        return scenario;
    }
    scenario_free(scenario);
    return NULL;
}

void scenario_free(struct scenario *scenario)
{
    if (scenario == NULL) {
        return;
    }
    for (size_t i = 0; i < scenario->act_count; i++) {
        scenario_act_fini(&scenario->acts[i]);
    }
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        scenario_expectation_fini(&scenario->expectations[i]);
    }
    mem_free(scenario->acts);
    mem_free(scenario->expectations);
    scenario_world_fini(&scenario->world);
    for (size_t i = 0; i < scenario->origin_count; i++) {
        str_free(&scenario->origins[i].file);
    }
    mem_free(scenario->origins);
    doc_free(scenario->objects);
    doc_free(scenario->doc);
    yaml_places_free(scenario->places);
    str_free(&scenario->file);
    mem_free(scenario);
}
