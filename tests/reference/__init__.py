"""A second, slow and plain reading of the contract, to hold the product to it.

The modules here were written from the contract (docs/contract.md) alone and share no code with
what is deployed; only `product` and the tests know both. They use the standard library only.

    strict_json    RFC 8259 as section 1.3 narrows it
    lines          an object's bytes into records
    records        a line into a receipt, padding or a reject
    answers        the forms, errors and stop reasons of a record
    texts          the one object that a model's text holds
    receipts       the receipt and its rules
    transactions   a receipt into the DynamoDB item, DynamoDB's own limits
    mutate         seeded, structure-aware damage to lines, and objects of them
    tree           JSON as something to build and to damage
    shapes         what models are documented or reported to answer, each with its source
    product        the one place that calls what is deployed

AMBIGUITIES: what the contract leaves open, and how it is read here.

 1. A record's offset and length are those of its content, without LF, without the one CR before
    an LF, and without a byte-order mark at byte 0. Whose record it is, is decided by the first
    byte of its line, the mark's.
 2. The bound is on that length: a line of exactly the bound is read. A line over it is not read,
    so it is not looked at for blankness or padding either: it is a record, `LineTooLong`.
 3. Blank is spaces, tabs and CRs only. Form feeds, no-break spaces and the like make a record
    (`InvalidJson`). A byte-order mark alone on the first line is blank.
 4. A byte-order mark anywhere but at byte 0 of the object is not JSON's white space:
    `InvalidJson` at a line's start. Around a text it is taken off, in any order with white space.
 5. Nesting counts objects and lists alike, the outermost is 1: 200 is JSON, 201 is not.
 6. The digits of an integer are those before the point and the exponent, without the sign, also
    where a fraction or an exponent follows: `9…9.0` of 4,301 nines is refused.
    `1e9999999999` and a fraction of 5,000 digits are JSON.
 7. Keys are compared after their escapes are decoded; the last of repeated keys counts whatever
    its type is, for `error`, `recordId` and every step of a form's path alike.
 8. An `error` of `0`, `[]`, `true` or white space is an error: only null, false, `""` and `{}`
    are none. `response.body` takes the place of a `modelOutput` that is absent or null, also for
    the errors inside it, the stop reasons and the guardrail's action; only then does
    `response.status_code` count, if it is a number, by its value, or a string of three ASCII
    digits.
 9. A missing image id comes before everything but padding, padding before a model's error.
10. An image id of white space only is an image id: the rule is its bytes. It is not stripped.
    Padding is decided on the image id that was found, not on each of the three places.
11. `choices[0]`, `outputs[0]` and the like mean the first element alone.
12. A part of `type` null is one of no `type`. A part of `type` `text` whose `text` is no string
    adds nothing. The parts of a Nova or chat list are taken by their string `text`, whatever
    their other keys say. A list whose parts all fall out is present, with an empty text.
13. White space around a text and around `merchant` is Unicode's (no-break and ideographic spaces
    included) and the four ASCII separators U+001C to U+001F; a zero-width space is none. Inside
    JSON only RFC 8259's four count. Around a tool call's arguments it is taken off as around a
    text.
14. Tool calls are counted by their parts (`tool_use`, an object `toolUse`, an element of
    `tool_calls`), whatever is in them. An input that is no object, and arguments that are not the
    text of one, are `NoJsonInText`: no fences, prose or reasoning there.
15. Whether a text begins with an opening tag is asked once, of the whole text. If it does not,
    all up to the last closing tag of any name is taken off. Then the blocks at the front are
    taken off, with white space and U+FEFF between them, each up to the first closing tag of its
    own name. Tags are spelled exactly so.
16. The next `{` behind the first object begins the second: if an object is read there, they are
    `SeveralReceipts`, else `NoJsonInText`, whatever follows.
17. The brace of a text that begins with `"` was prefilled only where the text as it is does not
    hold exactly one object: with one object inside it, that one is read. Only step 4 is done
    again. Where either reading finds several, and none holds exactly one, it is
    `SeveralReceipts`; so it is where a whole object without its brace is followed by another.
18. "No receipt could be read" is every reject from `UnknownForm` to `InvalidReceipt`; not
    `ItemTooLarge`. Stop reasons, refusals and the guardrail's action are looked for in the answer
    itself, in its first choice, output, result and generation, in a chat message and its parts,
    and in a hand-made `output`; stop reasons in any case of letters.
19. Text that is JSON but holds no object is `NoJsonInText`; an object that breaks a rule of the
    receipt, `InvalidReceipt`.
20. Significant digits are those of the value: leading and trailing zeros are not counted
    (DynamoDB trims both), so `1.` and fifty zeros is 1. In the item an amount is compared by
    value.
21. Year 0000 is not a real date.
22. The record id of a line that is not read or no JSON is the value of one of the three keys
    somewhere in it; it must be there where the line begins with a plain one.
23. A job has a model or trace id if the attribute is a string and not empty.
24. An item's size is that of what the loader writes, without `s3Key`; 398 KiB exactly still fits.
    A number costs what DynamoDB documents, "one byte per two significant digits plus one byte",
    a lone last digit counting as two.
25. A duplicate is a good record that a later good record of the segment replaces. A reject
    neither replaces nor is replaced, padding neither.
26. What cannot be parsed has no discernible `modelInput`, and a line may start inside an image (a
    raw LF was in the middle of one): an excerpt of such a line is of a head that begins as a record
    does, with a member that is read, and stops before anything that spells `modelInput`.
27. The bound of 250,000 lists and objects counts the outermost object, and a text's own apart.
28. A detail may be cut, and a model's error code that is a float may be written in another way
    than it came.
"""
