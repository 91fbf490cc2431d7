#include "load/plan.h"

#include "base/duration.h"
#include "base/mem.h"
#include "base/number.h"

#define NS_PER_MS INT64_C(1000000)

void load_plan_fini(struct load_plan *plan)
{
    str_free(&plan->method);
    str_free(&plan->url);
    str_free(&plan->body);
    str_free(&plan->proxy);
    str_free(&plan->server_name);
    str_list_fini(&plan->header_names);
    str_list_fini(&plan->header_values);
    *plan = (struct load_plan){0};
}

static bool fit_rate(struct load_plan *plan, const struct load_ceiling *ceiling, struct err *err)
{
    char asked[32], allowed[32];
    double rate = plan->rate * plan->workers;
    if (rate > ceiling->rate) {
        number_write(rate, asked);
        number_write(ceiling->rate, allowed);
        return err_set(err, ERR_LIMIT, "-q and -c make %s requests a second, %s allows %s", asked, ceiling->flag,
                       allowed);
    }
    if (rate == 0) {
        plan->takes_any_rate = true;
        plan->rate = ceiling->rate / plan->workers;
    }
    return true;
}

static bool fit_duration(struct load_plan *plan, const struct load_ceiling *ceiling, struct err *err)
{
    char least[32], most[32];
    double least_ms = (double)plan->requests / (plan->rate * plan->workers) * 1000;
    if (least_ms > (double)ceiling->duration_ms) {
        duration_write((int64_t)(least_ms / 1000) * 1000 * NS_PER_MS, least);
        duration_write(ceiling->duration_ms * NS_PER_MS, most);
        return err_set(err, ERR_LIMIT, "%lld requests take %s at this rate, -timeout allows %s",
                       (long long)plan->requests, least, most);
    }
    if (plan->duration_ms == 0 || plan->duration_ms > ceiling->duration_ms) {
        plan->duration_ms = ceiling->duration_ms;
    }
    if (plan->timeout_ms == 0 || plan->timeout_ms > ceiling->duration_ms) {
        plan->timeout_ms = ceiling->duration_ms;
    }
    return true;
}

bool load_plan_fit(struct load_plan *plan, const struct load_ceiling *ceiling, struct err *err)
{
    if (plan->workers > ceiling->workers) {
        return err_set(err, ERR_LIMIT, "-c makes %d workers, -max-workers allows %d", plan->workers, ceiling->workers);
    }
    return fit_rate(plan, ceiling, err) && fit_duration(plan, ceiling, err);
}
