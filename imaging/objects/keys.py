"""Key images as a Key Object Selection document (PS3.3 A.35.4, TID 2010). For workers."""

from collections.abc import Mapping
from typing import Any

import highdicom.ko as ko
import highdicom.sr as sr
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from imaging.objects.dialect import OWN
from imaging.objects.uids import DEVICE
from imaging.objects.values import Order


def keys(order: Order, images: Mapping[str, Dataset], heading: Mapping[str, Any]) -> Dataset:
    """The key images of an order, of which there is at least one, in their order."""
    chosen = [images[uid] for uid in order.key_images]
    device = sr.ObserverContext(
        codes.DCM.Device,
        sr.DeviceObserverIdentifyingAttributes(DEVICE, name=OWN, manufacturer_name=OWN, model_name=order.version),
    )
    content = ko.KeyObjectSelection(
        document_title=codes.DCM.ForConference, referenced_objects=chosen, observer_device_context=device,
        description=order.title,
    )
    made: Dataset = ko.KeyObjectSelectionDocument(evidence=chosen, content=content, **heading)
    return made
