#include "workload/tracked_revision.h"

#include <string.h>

#include "base/str.h"
#include "kube/object.h"

struct parts {
    struct str_list list;
    const char *uid, *generation, *revision; /* "" when absent */
};

static void parts_init(struct parts *parts, const char *text)
{
    *parts = (struct parts){.uid = "", .generation = "", .revision = ""};
    str_list_split(&parts->list, text != NULL ? text : "", '/');
    const char **const fields[] = {&parts->uid, &parts->generation, &parts->revision};
    for (size_t i = 0; i < parts->list.count && i < sizeof fields / sizeof *fields; i++) {
        *fields[i] = parts->list.items[i];
    }
}

static void parts_fini(struct parts *parts)
{
    str_list_fini(&parts->list);
}

bool tracked_revision_is_settled(const struct node *deployment)
{
    int64_t observed = node_int_or(node_at(deployment, "status", "observedGeneration"), 0);
    return observed >= object_generation(deployment) && !node_bool_or(node_at(deployment, "spec", "paused"), false);
}

char *tracked_revision_new(const struct node *deployment)
{
    const char *uid = node_str(node_at(deployment, "metadata", "uid"));
    long long generation = object_generation(deployment);
    if (str_empty(uid) || generation <= 0) {
        return NULL;
    }
    const char *revision = object_annotation(deployment, "deployment.kubernetes.io/revision");
    bool complete = !str_empty(revision) && tracked_revision_is_settled(deployment);
    return complete ? str_format("%s/%lld/%s", uid, generation, revision) : str_format("%s/%lld", uid, generation);
}

bool tracked_revision_proves(const char *recorded, const struct node *deployment)
{
    char *text = tracked_revision_new(deployment);
    struct parts was, is;
    parts_init(&was, recorded);
    parts_init(&is, text);
    bool same_object = is.uid[0] != '\0' && strcmp(was.uid, is.uid) == 0;
    bool same_generation = strcmp(was.generation, is.generation) == 0;
    bool same_revision = is.revision[0] != '\0' && strcmp(was.revision, is.revision) == 0;
    parts_fini(&was);
    parts_fini(&is);
    str_free(&text);
    return same_object && (same_generation || same_revision);
}

bool tracked_revision_is_of_another(const char *recorded, const struct node *workload)
{
    struct parts was;
    parts_init(&was, recorded);
    const char *uid = object_uid(workload);
    bool another = was.uid[0] != '\0' && !str_empty(uid) && strcmp(was.uid, uid) != 0;
    parts_fini(&was);
    return another;
}

bool tracked_revision_is_due(const char *recorded, const struct node *deployment)
{
    char *text = tracked_revision_new(deployment);
    struct parts was, is;
    parts_init(&was, recorded);
    parts_init(&is, text);
    bool same_object = strcmp(was.uid, is.uid) == 0;
    bool kept = is.revision[0] != '\0' ? strcmp(was.revision, is.revision) == 0
                                       : was.revision[0] != '\0' || strcmp(was.generation, is.generation) == 0;
    bool due = text != NULL && !(same_object && kept);
    parts_fini(&was);
    parts_fini(&is);
    str_free(&text);
    return due;
}
