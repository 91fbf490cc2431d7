#include "canary/asked.h"

#include "base/str.h"

void asked_look(struct asked *asked, const struct node *canary)
{
    const struct node *annotation = node_at(canary, "metadata", "annotations", REQUEST_ANNOTATION);
    struct err err = {0};
    if (node_equal(doc_root(asked->annotation), annotation)) {
        return;
    }
    asked_fini(asked);
    asked->annotation = annotation != NULL ? doc_copy(annotation) : NULL;
    asked->found = request_read(&asked->request, canary, &err);
    asked->problem = asked->found == REQUEST_BAD ? str_dup(err.text) : NULL;
}

void asked_fini(struct asked *asked)
{
    doc_free(asked->annotation);
    request_fini(&asked->request);
    str_free(&asked->problem);
    *asked = (struct asked){0};
}

bool asked_is_open(const struct asked *asked, const struct node *canary)
{
    return asked->found == REQUEST_READ && !request_is_answered(&asked->request, canary);
}
