#include "app/kubeconfig.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "io/file.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

bool kubeconfig_load(const char *path, const char *context, const char *otherwise, struct kube_config *config,
                     struct err *err)
{
    const char *listed = getenv("KUBECONFIG"), *home = getenv("HOME");
    char *found = NULL;
    struct buf ignored;
    struct err missing;
    if (path != NULL) {
        return kube_config_load(path, context, config, err);
    }
    if (!str_empty(listed)) {
        found = str_dup_n(listed, strcspn(listed, ":"));
    } else if (!str_empty(home)) {
        found = str_format("%s/.kube/config", home);
    }
    buf_init(&ignored, FILE_MAX);
    bool is_file = found != NULL && (!str_empty(listed) || file_read_regular(found, &ignored, &missing));
    buf_fini(&ignored);
    bool ok = is_file ? kube_config_load(found, context, config, err) : kube_config_in_cluster("", config, err);
    if (!ok && !is_file) {
        err_set(err, ERR_NOT_FOUND, "no cluster is known: name one by -kubeconfig or $KUBECONFIG%s%s",
                otherwise != NULL ? ", or " : "", otherwise != NULL ? otherwise : "");
    }
    str_free(&found);
    return ok;
}
