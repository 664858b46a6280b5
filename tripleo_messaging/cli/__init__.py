# SPDX-License-Identifier: Apache-2.0
"""The command line: argv to options, options to a result, and the result to what is shown.

The only room that prints, logs to the terminal, or decides how the process ends.
"""
