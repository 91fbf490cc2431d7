/* sluice completion: what makes a shell complete commands, flags and the values of flags, from the tables by which the
 * commands read them. */
#include <string.h>

#include "app/command.h"
#include "app/demo_flags.h"
#include "app/flags.h"
#include "app/version.h"

struct topic {
    const char *command, *help;
    const struct cli_flag *flags; /* NULL: none */
    const char *dashes;           /* with which its flags are written */
    const char *words;            /* all that may stand there; "FILE": any file; NULL: nothing */
};

#define ONE(name, form, says, help, flags, dashes, words) +1
enum { TOPICS = 0 COMMANDS(ONE) };
#undef ONE

static void fill_topics(struct topic topics[TOPICS])
{
#define TOPIC(name, form, says, help, flags, dashes, words) {#name, help, flags, dashes, words},
    const struct topic all[TOPICS] = {COMMANDS(TOPIC)};
#undef TOPIC
    memcpy(topics, all, sizeof all);
}

static bool is_path(const char *value)
{
    return strcmp(value, "FILE") == 0 || strcmp(value, "PATH") == 0;
}

static const char *dashes(const struct topic *topic, const struct cli_flag *flag)
{
    return flag->name[1] == '\0' ? "-" : topic->dashes;
}

/* --- bash --- */

static const char bash_begin[] =
    "# bash completion of sluice:  source <(sluice completion bash)\n"
    "_sluice() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
    "    local commands='' flags='' valued=' ' words='' choices='' paths=' ' reply\n"
    "    # bash takes --flag=value apart at the =\n"
    "    if [[ $word == '=' ]]; then\n"
    "        word=''\n"
    "    elif [[ $before == '=' ]]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    fi\n"
    "    before=${before#-}\n"
    "    case $command in\n";

static const char bash_end[] = "    esac\n"
                               "    COMPREPLY=()\n"
                               "    if [[ $COMP_CWORD -eq 1 ]]; then\n"
                               "        set -- -W \"$commands\"\n"
                               "    elif [[ -n $choices ]]; then\n"
                               "        set -- -W \"$choices\"\n"
                               "    elif [[ $paths == *\" -${before#-} \"* ]]; then\n"
                               "        set -- -f\n"
                               "    elif [[ $valued == *\" -${before#-} \"* ]]; then\n"
                               "        return\n"
                               "    elif [[ $word == -* ]]; then\n"
                               "        [[ $word == --* ]] && flags=${flags// -/ --} && flags=${flags// ---/ --}\n"
                               "        [[ $word == -[!-]* ]] && flags=${flags// --/ -}\n"
                               "        set -- -W \"$flags\"\n"
                               "    elif [[ $words == FILE ]]; then\n"
                               "        set -- -f\n"
                               "    else\n"
                               "        set -- -W \"$words\"\n"
                               "    fi\n"
                               "    if [[ $1 == -f ]]; then\n"
                               "        compopt -o filenames 2>/dev/null || true # older shells have none\n"
                               "    fi\n"
                               "    while IFS= read -r reply; do\n"
                               "        COMPREPLY+=(\"$reply\")\n"
                               "    done < <(compgen \"$@\" -- \"$word\")\n"
                               "}\n"
                               "complete -F _sluice sluice\n";

static void print_flags(const struct topic *topic, FILE *out)
{
    fprintf(out, "        flags='");
    for (const struct cli_flag *flag = topic->flags; flag->name != NULL; flag++) {
        if (flag->help != NULL) {
            fprintf(out, " %s%s", dashes(topic, flag), flag->name);
        }
    }
    fprintf(out, "'\n");
}

/* The names of the flags with a value, one dash each, other spellings included. */
static void print_names(const char *variable, const struct topic *topic, bool of_paths, FILE *out)
{
    fprintf(out, "        %s=' ", variable);
    for (const struct cli_flag *flag = topic->flags; flag->name != NULL; flag++) {
        if (flag->value != NULL && (!of_paths || is_path(flag->value))) {
            fprintf(out, "-%s ", flag->name);
        }
    }
    fprintf(out, "'\n");
}

/* "text|json" as "text json" */
static void print_words(const char *value, FILE *out)
{
    for (; *value != '\0'; value++) {
        fputc(*value == '|' ? ' ' : *value, out);
    }
}

static void print_choices(const struct topic *topic, FILE *out)
{
    fprintf(out, "        case ${before#-} in\n");
    for (const struct cli_flag *flag = topic->flags; flag->name != NULL; flag++) {
        if (flag->value != NULL && strchr(flag->value, '|') != NULL) {
            fprintf(out, "        %s) choices='", flag->name);
            print_words(flag->value, out);
            fprintf(out, "' ;;\n");
        }
    }
    fprintf(out, "        esac\n");
}

static void print_bash(const struct topic *topics, FILE *out)
{
    fputs(bash_begin, out);
    for (size_t i = 0; i < TOPICS; i++) {
        fprintf(out, "    %s)\n        words='%s'\n", topics[i].command,
                topics[i].words != NULL ? topics[i].words : "");
        if (topics[i].flags != NULL) {
            print_flags(&topics[i], out);
            print_names("valued", &topics[i], false, out);
            print_names("paths", &topics[i], true, out);
            print_choices(&topics[i], out);
        }
        fprintf(out, "        ;;\n");
    }
    fprintf(out, "    *)\n        commands='");
    for (size_t i = 0; i < TOPICS; i++) {
        fprintf(out, "%s%s", i > 0 ? " " : "", topics[i].command);
    }
    fprintf(out, "'\n        ;;\n");
    fputs(bash_end, out);
}

/* --- zsh --- */

/* In single quotes, and without what _arguments and _describe read as the end of a description. */
static void print_quoted(const char *help, FILE *out)
{
    for (; *help != '\0'; help++) {
        if (strchr("[]:\\", *help) != NULL) {
            fputc('\\', out);
        }
        fputs(*help == '\'' ? "'\\''" : (char[]){*help, '\0'}, out);
    }
}

static void print_argument(const struct topic *topic, const struct cli_flag *flag, FILE *out)
{
    fprintf(out, " \\\n            '*%s%s", dashes(topic, flag), flag->name);
    fputs(flag->value != NULL ? "=[" : "[", out);
    print_quoted(flag->help, out);
    fputc(']', out);
    if (flag->value != NULL && is_path(flag->value)) {
        fprintf(out, ":%s:_files", flag->value);
    } else if (flag->value != NULL && strchr(flag->value, '|') != NULL) {
        fprintf(out, ":value:(");
        print_words(flag->value, out);
        fputc(')', out);
    } else if (flag->value != NULL) {
        fputc(':', out);
        print_quoted(flag->value, out);
        fputs(": ", out);
    }
    fputc('\'', out);
}

static void print_zsh_topic(const struct topic *topic, FILE *out)
{
    fprintf(out, "    %s)\n        _arguments", topic->command);
    for (const struct cli_flag *flag = topic->flags; flag != NULL && flag->name != NULL; flag++) {
        if (flag->help != NULL) {
            print_argument(topic, flag, out);
        }
    }
    if (topic->words != NULL && is_path(topic->words)) {
        fprintf(out, " \\\n            '1:scenario:_files'");
    } else if (topic->words != NULL) {
        fprintf(out, " \\\n            '1:word:(%s)'", topic->words);
    }
    fprintf(out, "\n        ;;\n");
}

static void print_zsh(const struct topic *topics, FILE *out)
{
    fputs("#compdef sluice\n"
          "# zsh completion of sluice, after compinit:  source <(sluice completion zsh)\n"
          "_sluice() {\n"
          "    if (( CURRENT == 2 )); then\n"
          "        local -a commands=(",
          out);
    for (size_t i = 0; i < TOPICS; i++) {
        fprintf(out, "\n            '%s:", topics[i].command);
        print_quoted(topics[i].help, out);
        fputc('\'', out);
    }
    fputs("\n        )\n"
          "        _describe command commands\n"
          "        return\n"
          "    fi\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $words[1] in\n",
          out);
    for (size_t i = 0; i < TOPICS; i++) {
        print_zsh_topic(&topics[i], out);
    }
    fputs("    esac\n"
          "}\n"
          "compdef _sluice sluice\n",
          out);
}

/* --- the command --- */

static const char usage[] = "usage: sluice completion bash|zsh\n"
                            "\n"
                            "Writes what makes a shell complete sluice's commands and flags. In ~/.bashrc, or\n"
                            "after compinit in ~/.zshrc:\n"
                            "\n"
                            "  source <(sluice completion bash)\n"
                            "\n"
                            "Exit status: 0 it is written, 2 for another shell.\n";

int command_completion(int argc, char **argv)
{
    struct topic topics[TOPICS];
    const char *shell = argc == 1 ? argv[0] : "";
    fill_topics(topics);
    if (strcmp(shell, "bash") == 0) {
        print_bash(topics, stdout);
    } else if (strcmp(shell, "zsh") == 0) {
        print_zsh(topics, stdout);
    } else if (strcmp(shell, "-version") == 0 || strcmp(shell, "--version") == 0) {
        version_print();
    } else if (strcmp(shell, "-help") == 0 || strcmp(shell, "--help") == 0 || strcmp(shell, "-h") == 0) {
        fputs(usage, stdout);
    } else {
        struct err err;
        err_set(&err, ERR_INVALID, "\"%s\": bash or zsh is wanted", shell);
        return cli_refuse("completion", &err);
    }
    return 0;
}
