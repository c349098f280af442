/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Takes the next command of a line apart, in place. *line: the text, moved behind the
 * command's ';' or to its end. argv: room for half the bytes of the line and 2. The number of words
 * (0: an empty command), argv[n] NULL; -EINVAL: a quote is not closed, and the line is
 * at its end.
 */
int words_split(char **line, char **argv);
