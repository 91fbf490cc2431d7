#include "app/kubeconfig.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

/* Each once. */
static void list_named(struct str_list *paths, const char *named)
{
    struct str_list all = {0};
    str_list_split(&all, named, ':');
    for (size_t i = 0; i < all.count; i++) {
        if (!str_empty(all.items[i]) && !str_list_has(paths, all.items[i])) {
            str_list_push(paths, all.items[i]);
        }
    }
    str_list_fini(&all);
}

static void list_usual(struct str_list *paths)
{
    const char *home = getenv("HOME");
    char *path = !str_empty(home) ? str_format("%s/.kube/config", home) : NULL;
    if (path != NULL && access(path, R_OK) == 0) {
        str_list_push(paths, path);
    }
    str_free(&path);
}

bool kubeconfig_load(const char *path, const struct kube_choice *choice, const char *otherwise,
                     struct kube_config *config, struct err *err)
{
    if (path != NULL) {
        return kube_config_load_chosen(path, choice, config, err);
    }
    const char *named = getenv("KUBECONFIG");
    struct str_list paths = {0};
    if (str_empty(named)) {
        list_usual(&paths);
    } else {
        list_named(&paths, named);
    }
    bool ok =
        paths.count > 0 ? kube_config_load_files(&paths, choice, config, err) : kube_config_in_cluster("", config, err);
    if (!ok && paths.count == 0) {
        err_set(err, ERR_NOT_FOUND, "no cluster is known: name one by -kubeconfig or $KUBECONFIG%s%s",
                otherwise != NULL ? ", or " : "", otherwise != NULL ? otherwise : "");
    }
    str_list_fini(&paths);
    return ok;
}
