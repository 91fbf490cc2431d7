// room: kube
/* Any bytes as a kubeconfig. What must hold: it is refused with a reason and nothing is left of it, or there is a
 * server and no half of an identity. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kube/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/fuzz-kubeconfig-XXXXXX", path[64];

static void clean_up(void)
{
    unlink(path);
    rmdir(folder);
}

/* A folder with nothing else in it: names that the bytes contain lead nowhere. */
static void set_up(void)
{
    if (path[0] == '\0') {
        bool made = mkdtemp(folder) != NULL;
        assert(made);
        (void)made;
        snprintf(path, sizeof path, "%s/config", folder);
        atexit(clean_up);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kube_config config;
    struct err err = {0};
    set_up();
    FILE *file = fopen(path, "wb");
    assert(file != NULL);
    fwrite(data, 1, size, file);
    fclose(file);
    if (kube_config_load(path, NULL, &config, &err)) {
        assert(config.server != NULL && config.server[0] == 'h' && config.namespace != NULL);
        assert((config.tls.cert_pem == NULL) == (config.tls.key_pem == NULL));
        assert(config.exec.command == NULL || config.exec.api_version != NULL);
        kube_config_fini(&config);
    } else {
        assert(err.text[0] != '\0' && config.source == NULL);
    }
    return 0;
}
