"""HCL, the language of Terraform: parsed, printed and evaluated. Pure: no network, no environment, no clock.

::

    text ── syntax ──▶ nodes ── evaluation ──▶ values        printer: nodes ──▶ text
"""
