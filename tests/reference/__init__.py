"""A second, slow and plain reading of the contract, to hold the product to it.

The modules here were written from the contract (docs/contract.md) alone and share no code with
what is deployed; only `product` and the tests know both. They use the standard library only.

    strict_json    RFC 8259 as section 1.3 narrows it
    lines          an object's bytes into records
    records        a line into a receipt or a reject
    transactions   a receipt into the DynamoDB item, DynamoDB's own limits
    object_keys    the names of objects
    tree, corpus   seeded corpora: bytes, and what was planted in them
    mutate         seeded, structure-aware damage to lines
    product        the one place that calls what is deployed

AMBIGUITIES: what the contract leaves open, and how it is read here.

 1. A record's offset and length are those of its content, without LF, without the one CR before
    an LF, and without a byte-order mark at byte 0. Whose record it is, is decided by the first
    byte of its line, the mark's.
 2. The bound is on that length: a line of exactly the bound is read. A line over it is not read,
    so it is not looked at for blankness either: it is a record, `LineTooLong`.
 3. Blank is spaces, tabs and CRs only. Form feeds, no-break spaces and the like make a record
    (`InvalidJson`). A byte-order mark alone on the first line is blank.
 4. A byte-order mark anywhere but at byte 0 of the object is not JSON's white space:
    `InvalidJson` at a line's start, `NoJsonInText` at a text's.
 5. Nesting counts objects and lists alike, the outermost is 1: 200 is JSON, 201 is not.
 6. The digits of an integer are those before the point and the exponent, without the sign, also
    where a fraction or an exponent follows: `9…9.0` of 4,301 nines is refused.
    `1e9999999999` and a fraction of 5,000 digits are JSON.
 7. Keys are compared after their escapes are decoded; the last of repeated keys counts whatever
    its type is, for `error`, `recordId` and every step of a form's path alike.
 8. `error: {}` is a `ModelError`; a null, a string or a list under `error` is not there.
 8a. A model's error code is shown if it is a string or a number, its message likewise; a float
    may be written in another way than it came.
 9. A missing image id comes before a model's error (the order of section 1.6).
10. An image id of white space only is an image id: the rule is its bytes. It is not stripped.
11. `choices[0]` and `outputs[0]` mean the first element alone; later ones are never looked at.
12. Anthropic parts need `type` to be exactly `text`; a Nova part's other keys do not matter.
    A content list whose parts all fall out is present, with an empty text.
13. White space around the text and around `merchant` is Unicode's (no-break and ideographic
    spaces included) and the four ASCII separators U+001C to U+001F; a zero-width space is none.
    Inside JSON only RFC 8259's four count.
14. A fence's newline is LF or CRLF. The opening is exactly three backticks, alone or with `json`
    in lower case, nothing between it and the newline; the text was stripped first, the body is
    not stripped again. Anything else in or around a fence is `NoJsonInText`.
15. Text that is JSON but no object is `NoJsonInText`; an object that breaks a rule of the
    receipt, `InvalidReceipt`.
16. Significant digits are those of the value: leading and trailing zeros are not counted
    (DynamoDB trims both), so `1.` and fifty zeros is 1. In the item an amount is compared by
    value.
17. Year 0000 is not a real date.
18. The record id of a reject is its image id: none for the reasons up to `MissingRecordId`.
19. A job has a model or trace id if the attribute is a string and not empty.
20. An item's size is that of what the loader writes, without `s3Key`; 398 KiB exactly still fits.
    A number costs what DynamoDB documents, "one byte per two significant digits plus one byte",
    a lone last digit counting as two.
21. A duplicate is a good record that a later good record of the segment replaces. A reject
    neither replaces nor is replaced.
22. What cannot be parsed has no discernible `modelInput`, and a line may start inside an image (a
    raw LF was in the middle of one): an excerpt of such a line is of a head that begins as a record
    does, with a member that is read, and stops before anything that spells `modelInput`.
23. The bound of 250,000 lists and objects counts the outermost object, and a text's own apart.
"""
