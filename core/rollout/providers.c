#include "rollout/providers.h"

#include "base/str.h"

bool providers_are_needed(const struct canary *canary)
{
    struct node_iter it = node_iterate(node_get(canary->analysis, "metrics"));
    while (node_next(&it)) {
        const struct node *name = node_get(it.value, "name");
        if (node_is(name, "request-success-rate") || node_is(name, "request-duration")) {
            return true;
        }
    }
    return false;
}

static const char *trouble_of(const struct prom_answer *answer)
{
    switch (answer->kind) {
    case PROM_VALUE:
    case PROM_SEVERAL:
        return answer->value == 1 ? NULL : "value is not 1 for query: vector(1)";
    case PROM_NOTHING:
    case PROM_NAN:
        return "running query failed: no values found";
    case PROM_ERROR:
        break;
    }
    return answer->err.text;
}

void providers_tell(struct announcer *announcer, const struct prom_answer *answer)
{
    const char *trouble = answer != NULL ? trouble_of(answer) : NULL;
    if (trouble == NULL) {
        announce_text(announcer, "Normal", "all the metrics providers are available!");
        return;
    }
    const char *prefix = answer->kind == PROM_ERROR ? "running query failed: " : "";
    char *text = str_format("Error checking metric providers: prometheus not avaiable: %s%s", prefix, trouble);
    announce_text(announcer, "Warning", text);
    str_free(&text);
}
