#include "load/gate_door.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"

static void answer(struct exchange *exchange, int status, const char *text)
{
    exchange_answer(exchange, status, "text/plain; charset=utf-8", text, strlen(text));
}

bool gate_door_serve_plain(struct exchange *exchange, const char *path)
{
    bool approves = strcmp(path, "/gate/approve") == 0;
    if (!approves && strcmp(path, "/gate/halt") != 0) {
        return false;
    }
    answer(exchange, approves ? 200 : 403, approves ? "OK" : "Forbidden");
    return true;
}

const struct gate_path *gate_door_find(const char *path)
{
    static const struct gate_path paths[] = {
        {"/gate/open", "gate", GATE_OPEN},           {"/gate/close", "gate", GATE_CLOSE},
        {"/gate/check", "gate", GATE_CHECK},         {"/rollback/open", "rollback", GATE_OPEN},
        {"/rollback/close", "rollback", GATE_CLOSE}, {"/rollback/check", "rollback", GATE_CHECK},
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (strcmp(path, paths[i].path) == 0) {
            return &paths[i];
        }
    }
    return NULL;
}

bool gate_door_serve(struct gates *gates, struct exchange *exchange, const struct gate_path *path,
                     const struct payload *payload, struct err *err)
{
    char *name = str_format("%s%s", strcmp(path->word, "rollback") == 0 ? "rollback." : "", payload->canary);
    bool ok = path->verb != GATE_OPEN || gates_open(gates, name, err);
    if (path->verb == GATE_CHECK) {
        bool approved = gates_is_open(gates, name);
        log_info(payload->canary, "%s %s check: approved %s", name, path->word, approved ? "true" : "false");
        answer(exchange, approved ? 200 : 403, approved ? "Approved" : "Forbidden");
    } else if (ok) {
        if (path->verb == GATE_CLOSE) {
            gates_close(gates, name);
        }
        log_info(payload->canary, "%s %s %s", name, path->word, path->verb == GATE_OPEN ? "opened" : "closed");
        answer(exchange, 202, "");
    }
    str_free(&name);
    return ok;
}
