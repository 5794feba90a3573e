# SPDX-License-Identifier: Apache-2.0
import msgspec

from answerable.model.labels import AIGC


def test_the_aigc_object_has_the_standards_keys_in_its_order() -> None:
    encoded = msgspec.json.encode(AIGC(label="1", content_producer="p", produce_id="r"))
    assert list(msgspec.json.decode(encoded)) == [
        "Label",
        "ContentProducer",
        "ProduceID",
        "ReservedCode1",
        "ContentPropagator",
        "PropagateID",
        "ReservedCode2",
    ]
