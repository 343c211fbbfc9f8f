"""The districts and cities of Weihai, as its institutions are listed under them."""

from __future__ import annotations

# name → what else people write. 高区, 经区, 临港区 and 南海新区 are development zones beside the districts;
# the notice (通知) addresses the last one by name.
DISTRICTS: dict[str, tuple[str, ...]] = {
    "环翠区": ("环翠",),
    "文登区": ("文登",),
    "荣成市": ("荣成",),
    "乳山市": ("乳山",),
    "高区": ("高新区", "火炬高技术产业开发区", "威海火炬高技术产业开发区"),
    "经区": ("经开区", "经济技术开发区", "威海经济技术开发区"),
    "临港区": ("临港", "临港经济技术开发区", "威海临港经济技术开发区"),
    "南海新区": ("南海", "威海南海新区"),
    "市直": ("市属", "市本级"),
}


# As the notice (通知) addresses them → the districts listed under that.
ADDRESSED: dict[str, tuple[str, ...]] = {
    "各区市": ("环翠区", "文登区", "荣成市", "乳山市"),
    "国家级开发区": ("高区", "经区", "临港区"),
    "南海新区": ("南海新区",),
    "市直": ("市直",),
}


def find_district(text: str) -> str | None:
    """The district that people mean by `text`; None when it is none of Weihai's."""
    plain = "".join(text.split())
    return next((name for name, others in DISTRICTS.items() if plain == name or plain in others), None)
