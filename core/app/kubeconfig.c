#include "app/kubeconfig.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

/* The first file of the list that exists; without any the first one, so that an error names it. */
static char *find_listed(const char *listed, size_t *existing)
{
    struct str_list paths = {0};
    const char *found = NULL, *first = NULL;
    str_list_split(&paths, listed, ':');
    for (size_t i = 0; i < paths.count; i++) {
        const char *path = paths.items[i];
        bool exists = !str_empty(path) && access(path, F_OK) == 0;
        first = first == NULL && !str_empty(path) ? path : first;
        found = found == NULL && exists ? path : found;
        *existing += exists ? 1 : 0;
    }
    char *path = str_dup(found != NULL ? found : first);
    str_list_fini(&paths);
    return path;
}

static char *find_usual(void)
{
    const char *home = getenv("HOME");
    char *path = !str_empty(home) ? str_format("%s/.kube/config", home) : NULL;
    if (path != NULL && access(path, R_OK) != 0) {
        str_free(&path);
    }
    return path;
}

bool kubeconfig_load_chosen(const char *path, const struct kube_choice *choice, const char *otherwise,
                            struct kube_config *config, struct err *err)
{
    const char *listed = getenv("KUBECONFIG");
    size_t existing = 0;
    if (path != NULL) {
        return kube_config_load_chosen(path, choice, config, err);
    }
    char *found = !str_empty(listed) ? find_listed(listed, &existing) : find_usual();
    bool ok =
        found != NULL ? kube_config_load_chosen(found, choice, config, err) : kube_config_in_cluster("", config, err);
    if (!ok && found == NULL) {
        err_set(err, ERR_NOT_FOUND, "no cluster is known: name one by -kubeconfig or $KUBECONFIG%s%s",
                otherwise != NULL ? ", or " : "", otherwise != NULL ? otherwise : "");
    } else if (!ok && existing > 1) {
        err_set(err, err->code, "%s ($KUBECONFIG has several files: only this one is read, they are not merged)",
                err->text);
    }
    str_free(&found);
    return ok;
}

bool kubeconfig_load(const char *path, const char *context, const char *otherwise, struct kube_config *config,
                     struct err *err)
{
    return kubeconfig_load_chosen(path, &(struct kube_choice){.context = context}, otherwise, config, err);
}
