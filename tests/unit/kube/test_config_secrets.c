/* Which servers are sent the credentials of a kubeconfig. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "kube/config.h"

static const char *const users[] = {"token: abc", "username: me, password: x",
                                    "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, args: [one]}"};

static const struct {
    const char *server;
    bool sends;
} cases[] = {{"http://api", false},
             {"http://10.0.0.1:8080/k8s/127.0.0.1", false},
             {"http://[fd00::1]:8080", false},
             {"http://localhost.example.com:8001", false},
             {"http://127.0.0.1:80@api:8080", false},
             {"http://127.0.0.1", true},
             {"http://127.0.0.1:8080/k8s", true},
             {"http://localhost:8001", true},
             {"http://[::1]:8001", true},
             {"http://[::1]", true},
             {"https://api", true}};
enum { USERS = sizeof users / sizeof users[0], CASES = sizeof cases / sizeof cases[0] };

static void count_line(void *ctx, const char *line)
{
    (*(size_t *)ctx)++;
}

static void load(struct kube_config *config, const char *server, const char *user)
{
    char path[] = "/tmp/test-config-secrets-XXXXXX";
    struct err err = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    dprintf(fd,
            "current-context: one\ncontexts: [{name: one, context: {cluster: c, user: u}}]\n"
            "clusters: [{name: c, cluster: {server: '%s'}}]\nusers: [{name: u, user: {%s}}]\n",
            server, user);
    close(fd);
    assert_true(kube_config_load(path, NULL, config, &err));
    unlink(path);
}

static void expect_user(const struct kube_config *config, bool wanted)
{
    bool has = config->token != NULL || config->username != NULL || config->password != NULL ||
               config->exec.command != NULL || config->exec.args.count > 0;
    assert_int_equal(has, wanted);
}

static void test_none_go_over_plain_http_to_another_machine(void **state)
{
    size_t told = 0, refused = 0;
    log_set_sink(count_line, &told);
    for (size_t i = 0; i < CASES * USERS; i++) {
        struct kube_config config;
        load(&config, cases[i / USERS].server, users[i % USERS]);
        assert_string_equal(config.server, cases[i / USERS].server);
        expect_user(&config, cases[i / USERS].sends);
        refused += !cases[i / USERS].sends;
        kube_config_fini(&config);
    }
    log_set_sink(NULL, NULL);
    assert_int_equal(told, refused);
}

static void test_nor_to_a_server_that_takes_the_place_of_its_own(void **state)
{
    struct err err = {0};
    log_set_sink(log_drop, NULL);
    for (size_t i = 0; i < CASES * USERS; i++) {
        struct kube_config config;
        load(&config, "https://api", users[i % USERS]);
        assert_true(kube_config_set_server(&config, cases[i / USERS].server, &err));
        expect_user(&config, cases[i / USERS].sends);
        kube_config_fini(&config);
    }
    log_set_sink(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none_go_over_plain_http_to_another_machine),
        cmocka_unit_test(test_nor_to_a_server_that_takes_the_place_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
